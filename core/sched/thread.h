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
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/machine/machine.h"
#include "core/machine/simulation.h"
#include "core/memory/arena.h"
#include "core/sched/line_queue.h"
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
  void (*copy)(void* to, void* from) = nullptr;  // as `move`, but leaves `from` as it is; null: it cannot be copied
  void* closure = nullptr;                       // `from` of move, or, when `bytes` is 0, what `run` gets
  size_t bytes = 0;                              // of the closure; at most kMaxClosureBytes
  size_t align = 1;
  bool unwinds = false;  // `run` catches the exception that ends a cancelled thread (toro.h)
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
  // It may begin, and go on after each of its yields (Yield, YieldPolling), on a CPU that has nothing to do
  // (SetTakesWork). After a wait it goes on where it waited.
  bool may_move = false;
};

struct Thread;

// What a language's runtime keeps for a thread beside its thread_local variables: platform/posix keeps its record here.
struct ThreadRuntime {
  // Called by the thread as the last thing before it ends, after the destructors of its thread_local variables.
  void (*finish)(ThreadRuntime& runtime) = nullptr;
};

// What a thread waits for; for reports.
enum class WaitsFor : uint8_t {
  kNothing,
  kWake,  // Scheduler::MakeReady
  kTime,
  kTurn,  // pollers.h
  kCall,
  kJoin,
  kControl,  // the answer to suspend, resume or cancel
  kMutex,
  kCondVar,
  kSemaphore,
  kEvent,
  kBarrier,
  kChannel,
  kFuture,
};

// What one thread may ask of another (control.cc).
enum class ThreadControl : uint8_t { kSuspend, kResume, kCancel };

// The parts of a thread that lie in other people's lists while it waits.
struct WaitLink : ListLink {
  Thread* thread = nullptr;
};
struct WaitTimer : Timer {
  Thread* thread = nullptr;
};

// Threads that wait for the same thing, in the order in which they came. All on one CPU.
using WaitList = IntrusiveList<WaitLink>;

struct alignas(kCacheLineBytes) Thread : ListLink {
  // Bits of `flags`.
  static constexpr uint8_t kSuspended = 1;     // leaves the ring at its next switch, and stays out until it is resumed
  static constexpr uint8_t kCancelled = 2;     // has been asked to end
  static constexpr uint8_t kInList = 4;        // wait_link is in a list
  static constexpr uint8_t kHasDeadline = 8;   // timer is pending
  static constexpr uint8_t kCancellable = 16;  // a cancel ends the wait
  static constexpr uint8_t kOwnFloat = 32;     // its floating-point controls are not the default
  static constexpr uint8_t kStays = 64;        // a StaysHere exists

  // While one exists the thread, which may switch, goes on where it is: nobody hands it over (spreading.h). They do not
  // nest.
  class StaysHere {
   public:
    explicit StaysHere(Thread& thread) : thread_(thread) { thread.flags |= kStays; }
    ~StaysHere() { thread_.flags &= static_cast<uint8_t>(~kStays); }
    StaysHere(const StaysHere&) = delete;
    StaysHere& operator=(const StaysHere&) = delete;

   private:
    Thread& thread_;
  };

  // The line of a switch: links of the ready ring (from ListLink), the saved registers, and what a wake-up asks.
  Machine::Context context;
  uint8_t flags = 0;
  WaitsFor waits_for = WaitsFor::kNothing;
  Status wait_status = Status::kOk;  // how the last wait ended
  bool unwinds = false;              // its body catches the exception that ends a cancelled thread
  uint16_t cancel_guards = 0;        // CancelGuards that it holds
  uint16_t mutexes = 0;              // that it holds

  // The rest is cold.
  QueuedLine travel;   // when it migrates, or goes home, and the channel is full
  WaitLink wait_link;  // in the list in which it waits
  WaitTimer timer;     // when it waits with a deadline
  ThreadId id;
  char* stack_low = nullptr;  // the lower guard page; the stack is above it
  size_t stack_bytes = 0;     // between the guard pages
  void (*run)(void* closure) = nullptr;
  void* closure = nullptr;
  void* thread_locals = nullptr;     // the block of thread_local variables, if the platform has one per thread
  ThreadRuntime* runtime = nullptr;  // null: the runtime keeps nothing
  Thread* next_pooled = nullptr;

  // By the thread itself, before it ends.
  void FinishRuntime() {
    if (runtime == nullptr) return;
    runtime->finish(*runtime);
    runtime = nullptr;
  }

  Arena arena{Arena::Unmade::kUnmade};  // core/kernel/thread_arena.h
  uint32_t colour = 0;
  bool ended = false;     // goes home to be used again
  bool polling = false;   // its last look found nothing (pollers.h)
  bool may_move = false;  // ThreadOptions
  char name[24] = {};
  [[no_unique_address]] Simulation::ThreadMark mark;

  // Is a cancel to be acted upon? Not while it holds a CancelGuard.
  bool CancelPending() const { return (flags & kCancelled) != 0 && cancel_guards == 0; }
  // Is it to be ended by what its body catches?
  bool MustUnwind() const { return unwinds && CancelPending(); }
  // Its next yield must take the slow way.
  bool NeedsAttention() const { return (flags & (kSuspended | kOwnFloat)) != 0 || MustUnwind(); }
  // The upper guard page.
  char* stack_high() const { return stack_low + kPageBytes + stack_bytes; }
};

}  // namespace toro

#endif  // CORE_SCHED_THREAD_H_
