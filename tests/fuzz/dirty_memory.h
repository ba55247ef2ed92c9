// DirtyMemory: memory as it is after power-on, full of anything, and the same for every run.
//
// WHY a mapping: a fuzzer makes thousands of runs a second, and each touches little of the memory. Mapping the same
// pattern again costs a system call and a copy per page that was touched.
#ifndef TESTS_FUZZ_DIRTY_MEMORY_H_
#define TESTS_FUZZ_DIRTY_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace fuzz {

class DirtyMemory {
 public:
  // `bytes` is a multiple of a large page. Ends the program when the host refuses.
  explicit DirtyMemory(size_t bytes);

  // Undoes every write and every change of access since the last call.
  void Reset();

  // Aligned to a large page.
  uintptr_t begin() const { return begin_; }
  size_t bytes() const { return bytes_; }

 private:
  uintptr_t begin_ = 0;
  size_t bytes_;
  int file_;
};

}  // namespace fuzz

#endif  // TESTS_FUZZ_DIRTY_MEMORY_H_
