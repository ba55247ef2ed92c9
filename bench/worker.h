// Worker: a second process of this program that takes samples in its turn, with another malloc.
//
// WHY. An allocator is at home when it is the malloc of the process, from the first allocation on, as its users run it:
// loaded first with LD_PRELOAD. (A library opened beside another malloc has slower thread-local storage, and shares the
// heap's neighbourhood with it.) So each has a process that lives as long as the run, and is asked for one sample at a
// time; the others wait in read().
//
// PROTOCOL, in lines. The worker greets with the file that its malloc comes from. Then, per sample: "GROUP\tCONTENDER"
// to it; "VERDICT PLACEMENT OPERATION_NS PING_PONG_NS MOVED DISTURBED" from it. It ends when its input does.
#ifndef BENCH_WORKER_H_
#define BENCH_WORKER_H_

#include <sys/types.h>

#include <cstdio>
#include <string>

#include "bench/bracket.h"
#include "bench/contender.h"

namespace toro::bench {

class Worker {
 public:
  // Starts /proc/self/exe --worker=NEAR,FAR with `malloc_library` loaded first, which Debian's `package` has. Empty:
  // the C library's malloc. Exits with a message when the library is not there.
  Worker(const std::string& malloc_library, const std::string& package, const PinnedPair& pair, bool smoke);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Asks for one sample. Exits with a message when the worker has died.
  Sample Take(const Group& group, const Contender& contender);

 private:
  std::string ReadLine();

  std::string name_;
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

// The other side: answers on standard output until standard input ends.
int ServeSamples(Bracket& bracket, const std::vector<Group>& groups);

}  // namespace toro::bench

#endif  // BENCH_WORKER_H_
