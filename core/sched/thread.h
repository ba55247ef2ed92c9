// Thread: one cooperative thread, and the names by which it is known.
//
// WHO TOUCHES WHAT. A Thread and its stack lie in the partition of its home, the CPU that created it, for ever. While
// the thread runs, the CPU on which it runs owns the object; when it ends, it travels home, where the object and the
// stack are used again. What others may ask of a thread (is it finished? tell me when) is in the ThreadTable of its
// home.
#ifndef CORE_SCHED_THREAD_H_
#define CORE_SCHED_THREAD_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/cpu_id.h"
#include "core/base/intrusive_list.h"
#include "core/base/units.h"
#include "core/exchange/message.h"
#include "core/machine/machine.h"
#include "core/sched/timer_wheel.h"

namespace toro {

// Names a thread for ever: an id that is used again has another generation, so a stale one is an error, never a wild
// pointer.
class ThreadId {
 public:
  constexpr ThreadId() = default;
  constexpr ThreadId(CpuId home, uint32_t index, uint32_t generation)
      : index_(index), generation_(generation), home_(home) {}

  constexpr CpuId home() const { return home_; }
  constexpr uint32_t index() const { return index_; }
  constexpr uint32_t generation() const { return generation_; }

  friend constexpr auto operator<=>(const ThreadId&, const ThreadId&) = default;

 private:
  uint32_t index_ = 0;
  uint32_t generation_ = 0;  // 0: names no thread
  CpuId home_;
};

// What a thread runs, type-erased. It is built where its parts are, and moved to the stack of the new thread.
struct ThreadBody {
  void (*run)(void* closure) = nullptr;          // runs and destroys the closure
  void (*move)(void* to, void* from) = nullptr;  // move-constructs at `to`; null: the bytes are copied
  void* closure = nullptr;                       // `from` of move, or, when `bytes` is 0, what `run` gets
  size_t bytes = 0;                              // of the closure; at most kMaxClosureBytes
  size_t align = 1;
};

inline constexpr size_t kMaxClosureBytes = 1 * kKiB;

// A guard page lies below and above each stack. With them, fifteen pages: stacks a power of two apart would share the
// sets of the second-level cache.
inline constexpr size_t kDefaultStackBytes = 13 * kPageBytes;
inline constexpr size_t kMainStackBytes = 62 * kPageBytes;  // the stack of the thread that runs main()
inline constexpr size_t kLeastStackBytes = 2 * kPageBytes;

struct ThreadOptions {
  // 0: kDefaultStackBytes. At least kLeastStackBytes, and twice what the function object and the thread_local variables
  // take of it; rounded up to pages.
  size_t stack_bytes = 0;
  std::string_view name = {};  // cut to 23 characters; for reports
};

struct Thread;

// The parts of a thread that lie in other people's lists while it travels or sleeps.
struct TravelMessage : Message {
  Thread* thread = nullptr;
};
struct SleepTimer : Timer {
  Thread* thread = nullptr;
};

struct alignas(kCacheLineBytes) Thread : ListLink {
  // The line of a switch: links of the ready ring (from ListLink) and the saved registers.
  Machine::Context context;

  // The rest is cold.
  TravelMessage travel;  // when it migrates, or goes home
  SleepTimer timer;      // when it sleeps
  ThreadId id;
  char* stack_low = nullptr;  // the lower guard page; the stack is above it
  size_t stack_bytes = 0;     // between the guard pages
  void (*run)(void* closure) = nullptr;
  void* closure = nullptr;
  void* thread_locals = nullptr;  // the block of thread_local variables, if the platform has one per thread
  Thread* next_pooled = nullptr;
  uint32_t colour = 0;
  bool ended = false;    // goes home to be used again
  bool polling = false;  // its last look found nothing (pollers.h)
  char name[24] = {};

  // The upper guard page.
  char* stack_high() const { return stack_low + kPageBytes + stack_bytes; }
};

}  // namespace toro

#endif  // CORE_SCHED_THREAD_H_
