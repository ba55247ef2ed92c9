// malloc, operator new and their kin, asked for what cannot be had.
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/kernel/allocation.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/memory/parts.h"

namespace contract {
namespace {

// Sizes and alignments that the compiler cannot judge.
volatile size_t absurd = ~size_t{0} - 100, half = ~size_t{0} / 2, odd = 24;

// The operators new of these sanitizers end the process instead of throwing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kNewThrows = false;
#else
constexpr bool kNewThrows = true;
#endif

void MallocRefusesAbsurdSizes() {
  auto refused = [](void* object) {
    bool right = object == nullptr && errno == ENOMEM;
    std::free(object);
    errno = 0;
    return right;
  };
  errno = 0;
  bool all = refused(std::malloc(absurd)) && refused(std::malloc(half)) && refused(std::calloc(half, 3)) &&
             refused(std::calloc(1, absurd));
  char* volatile kept = static_cast<char*>(std::malloc(100));
  kept[99] = 7;
  all = all && std::realloc(kept, half) == nullptr && errno == ENOMEM && kept[99] == 7;
  std::free(kept);
  Check(all, "malloc, calloc and realloc give null and ENOMEM for absurd sizes");
  int thrown = 0;
  for (size_t bytes : {size_t{absurd}, size_t{half}}) {
    if (!kNewThrows) break;
    try {
      ::operator delete(::operator new(bytes));
    } catch (const std::bad_alloc&) {
      ++thrown;
    }
    try {
      ::operator delete(::operator new(bytes, std::align_val_t{64}), std::align_val_t{64});
    } catch (const std::bad_alloc&) {
      ++thrown;
    }
  }
  try {
    if (kNewThrows) delete[] new int[half];
  } catch (const std::bad_alloc&) {
    ++thrown;
  }
  Check(thrown == (kNewThrows ? 5 : 0) && ::operator new(absurd, std::nothrow) == nullptr,
        "operator new throws std::bad_alloc for them");
}

void AlignmentsThatAreNoneAreRefused() {
  static int marker;
  void* const untouched = &marker;
  void* object = untouched;
  bool all = posix_memalign(&object, odd, 10) == EINVAL && posix_memalign(&object, 0, 10) == EINVAL &&
             posix_memalign(&object, 4, 10) == EINVAL && posix_memalign(&object, 64, half) == ENOMEM;
  Check(all && object == untouched, "posix_memalign refuses what is no alignment, and absurd sizes");
}

// To shrink needs no memory.
bool shrunk = false;
void AnExhaustedPartitionShrinks() {
  auto thread = toro::Spawn(toro::CpuId{toro::CpuCount() - 1}, [] {
    char* object = static_cast<char*>(std::malloc(1000));
    object[9] = 3;
    struct Block {
      Block* next;
    };
    Block* blocks = nullptr;
    for (size_t bytes : {toro::kMiB, 64 * toro::kKiB, 4 * toro::kKiB, size_t{16}}) {
      while (void* block = toro::AllocateBytes(bytes)) blocks = new (block) Block{blocks};
    }
    char* smaller = static_cast<char*>(std::realloc(object, 10));
    while (blocks != nullptr) toro::FreeBytes(std::exchange(blocks, blocks->next));
    bool kept = smaller != nullptr && smaller[9] == 3;
    std::free(smaller);
    toro::Call(toro::kBootCpu, [kept] { shrunk = kept; });
  });
  Check(toro::Join(thread.value()) == toro::Status::kOk && shrunk, "realloc shrinks when no memory is left");
}

}  // namespace

void MallocAndItsKin() {
  MallocRefusesAbsurdSizes();
  AlignmentsThatAreNoneAreRefused();
  AnExhaustedPartitionShrinks();
}

}  // namespace contract
