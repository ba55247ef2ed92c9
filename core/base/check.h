// TORO_CHECK: what must hold, or the kernel stops. Always on.
//
// A failed check is a bug of ours or a misuse that would corrupt memory: it is reported with file, line, CPU, thread
// and backtrace, and the machine powers off with a failing status. What can go wrong outside of us is a Result
// (result.h).
#ifndef CORE_BASE_CHECK_H_
#define CORE_BASE_CHECK_H_

namespace toro {

// Reports and powers off with status 134, never returns. One implementation per platform. Any CPU, any context.
// `message` names the cause and, where there is one, the remedy; it may be null.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression, const char* message);

// As CheckFailed, for a misuse that is about one address (a double free, a foreign pointer).
[[noreturn]] void CheckFailedAt(const char* file, int line, const char* message, const void* address);

}  // namespace toro

#define TORO_CHECK_2(condition, message) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::toro::CheckFailed(__FILE__, __LINE__, #condition, message))
#define TORO_CHECK_1(condition) TORO_CHECK_2(condition, nullptr)
#define TORO_CHECK_PICK(_1, _2, name, ...) name

// TORO_CHECK(condition) or TORO_CHECK(condition, "cause; remedy").
#define TORO_CHECK(...) TORO_CHECK_PICK(__VA_ARGS__, TORO_CHECK_2, TORO_CHECK_1, )(__VA_ARGS__)

// Stops, naming an address. For use where the condition has been tested already.
#define TORO_FAIL_AT(message, address) ::toro::CheckFailedAt(__FILE__, __LINE__, message, address)

#endif  // CORE_BASE_CHECK_H_
