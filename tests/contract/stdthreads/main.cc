// Contract of the standard library's threads, in both worlds: std::thread and what belongs to it, POSIX threads,
// misuse, and thread-local storage of threads that migrate.
#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

int main() {
  contract::StandardThreads();
  contract::PosixThreads();
  contract::ThreadsMisused();
  contract::ThreadLocals();
  return contract::End();
}
