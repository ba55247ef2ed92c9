// The console belongs to CPU 0; every other CPU asks it to write.
#ifndef CORE_KERNEL_CONSOLE_H_
#define CORE_KERNEL_CONSOLE_H_

#include <string_view>

namespace toro {

// Writes `text` to the console. In a thread it returns when the text has been written, so that what one thread prints
// before it sends a message comes before what the receiver prints. In message context on another CPU the text is copied
// and sent.
[[gnu::cold]] void Print(std::string_view text);

}  // namespace toro

#endif  // CORE_KERNEL_CONSOLE_H_
