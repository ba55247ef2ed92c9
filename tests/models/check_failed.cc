// A failed TORO_CHECK of product code in a model is a finding like any other.
#include "core/base/check.h"
#include "tests/models/checker.h"

namespace toro {

void CheckFailed(const char*, int, const char*, const char* message) {
  model::Model::Current().Fail(model::Verdict::kAssertion, message);
  __builtin_unreachable();  // the execution was abandoned
}

}  // namespace toro
