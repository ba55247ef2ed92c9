// The parts of the contract of the standard library's threads; each makes its checks in the thread of main.
#ifndef TESTS_CONTRACT_STDTHREADS_PARTS_H_
#define TESTS_CONTRACT_STDTHREADS_PARTS_H_

namespace contract {

void StandardThreads();  // standard.cc: <thread>, <mutex>, <condition_variable>, <future>, <semaphore> and their kin
void PosixThreads();     // posix.cc: what C programs and libraries call
void ThreadsMisused();   // misuse.cc
void ThreadLocals();     // locals.cc: thread_local, errno, exceptions and rounding modes across migrations

}  // namespace contract

#endif  // TESTS_CONTRACT_STDTHREADS_PARTS_H_
