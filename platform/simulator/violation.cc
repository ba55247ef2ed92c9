#include "platform/simulator/violation.h"

#include <cstdarg>
#include <cstdio>

#include "core/base/check.h"

namespace toro::simulator {

void Violation(const char* rule, const char* format, ...) {
  static char text[240];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  CheckFailed("simulator", 0, rule, text);
}

}  // namespace toro::simulator
