// Ends a thread from inside: pthread_exit and cancellation unwind the stack, so that destructors and cleanup handlers
// run, and then end the thread.
#ifndef PLATFORM_POSIX_FORCED_UNWIND_H_
#define PLATFORM_POSIX_FORCED_UNWIND_H_

namespace toro::posix {

// start(argument), and its value; the bottom of what EndThreadUnwinding unwinds.
void* RunUntilUnwound(void* (*start)(void*), void* argument);

// Unwinds the calling thread's stack, if the application has exceptions, and ends the thread with `result`.
[[noreturn]] void EndThreadUnwinding(void* result);

// Ends the thread as it stands: when main does it, the program ends after all other threads of pthread_create.
[[noreturn]] void EndThread(void* result);

}  // namespace toro::posix

#endif  // PLATFORM_POSIX_FORCED_UNWIND_H_
