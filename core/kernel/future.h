// Future<T> and Promise<T>: a value that comes later, from any CPU; CallAsync and SpawnAsync, which make them.
//
// INVARIANTS
//   I1. A future belongs to the CPU on which it was made; threads of that CPU wait for it, others stop the kernel with
//       a report. A promise may go to any CPU.
//   I2. A value for a future that is gone, because it was destroyed or gave up, is destroyed where it arrives. It is
//       never written to where the future was (handle_table.h).
//   I3. A promise that is destroyed without a value says so: its future has kClosed.
//
// COST. A value that can be copied as bytes and has 40 bytes at most comes in one line; a larger one in a box, memory
// of the CPU that made it.
#ifndef CORE_KERNEL_FUTURE_H_
#define CORE_KERNEL_FUTURE_H_

#include <cstring>
#include <optional>
#include <utility>

#include "core/kernel/allocation.h"
#include "core/kernel/box.h"
#include "core/kernel/toro.h"
#include "core/sched/answer.h"

namespace toro {

template <typename T>
class Future;

namespace future_internal {

// In place of void.
struct Unit {};

template <typename T>
using ValueOf = std::conditional_t<std::is_void_v<T>, Unit, T>;

inline constexpr size_t kInlineWords = kAnswerWords - 1;

template <typename Value>
inline constexpr bool kInline = std::is_trivially_copyable_v<Value> &&
                                sizeof(Value) <= kInlineWords * sizeof(uint64_t) && alignof(Value) <= alignof(uint64_t);

using Destroy = void (*)(void* box);

// [handle, status, box, destroy]
inline void DeliverBox(Cpu&, CpuId, const uint64_t* words, size_t) {
  auto* future = Scheduler::Current().handles().Find<Answerable>(words[0]);
  if (future != nullptr) {
    future->take(*future, Scheduler::Current(), words + 1, 2);
  } else {
    reinterpret_cast<Destroy>(words[3])(reinterpret_cast<void*>(words[2]));
  }
}

}  // namespace future_internal

template <typename T>
class Promise {
  using Value = future_internal::ValueOf<T>;

 public:
  // A promise and its future. On the CPU that will wait.
  static std::pair<Promise, Future<T>> Make();

  Promise(Promise&& other) noexcept : cpu_(other.cpu_), handle_(std::exchange(other.handle_, 0)) {}
  Promise& operator=(Promise&&) = delete;
  ~Promise() {
    if (handle_ != 0) Fail(Status::kClosed);
  }

  // Once; any CPU, any context. kOutOfMemory: no room for a box in the partition of this CPU; kIsolated: a value that
  // can only be moved cannot go to another CPU. The promise is then still to be kept.
  template <typename U = Value>
  Status Set(U&& value) {
    CheckUnset();
    uint64_t words[kAnswerWords] = {static_cast<uint64_t>(Status::kOk)};
    Scheduler& here = Scheduler::Current();
    if constexpr (future_internal::kInline<Value>) {
      const Value copy = std::forward<U>(value);
      std::memcpy(words + 1, static_cast<const void*>(&copy), sizeof(Value));
      here.Answer(cpu_, std::exchange(handle_, 0), words, 1 + call_internal::WordsOf(sizeof(Value)));
    } else {
      if (!CanTravel<Value>(cpu_)) return Status::kIsolated;
      void* box = AllocateAlignedBytes(sizeof(Value), alignof(Value));
      if (box == nullptr) return Status::kOutOfMemory;
      new (box) Value(std::forward<U>(value));
      const uint64_t line[] = {std::exchange(handle_, 0), words[0], reinterpret_cast<uint64_t>(box),
                               reinterpret_cast<uint64_t>(&Destroy)};
      if (cpu_ == here.id()) {
        future_internal::DeliverBox(here.cpu(), cpu_, line, 4);
      } else {
        here.lines().Send(cpu_, &future_internal::DeliverBox, line, 4);
      }
    }
    return Status::kOk;
  }
  Status Set() { return Set(future_internal::Unit()); }

  // In place of Set: there will be no value, and Get says why.
  void Fail(Status why) {
    CheckUnset();
    TORO_CHECK(why != Status::kOk, "a promise that fails needs a failure");
    const uint64_t word = static_cast<uint64_t>(why);
    Scheduler::Current().Answer(cpu_, std::exchange(handle_, 0), &word, 1);
  }

 private:
  friend class Future<T>;
  template <typename>
  friend class AsyncCall;

  Promise(CpuId cpu, Handle handle) : cpu_(cpu), handle_(handle) {}

  void CheckUnset() const { TORO_CHECK(handle_ != 0, "set a promise twice, or one that was moved away"); }
  static void Destroy(void* box) { DestroyBox(static_cast<Value*>(box)); }

  CpuId cpu_;
  Handle handle_;
};

template <typename T>
class Future : Answerable {
  using Value = future_internal::ValueOf<T>;

 public:
  // What there is already: a failure.
  explicit Future(Status failure) : Answerable(&Take), owner_(CurrentCpu()), answered_(true), status_(failure) {}

  Future(Future&& other) noexcept
      : Answerable(&Take),
        owner_(other.owner_),
        handle_(std::exchange(other.handle_, 0)),
        answered_(std::exchange(other.answered_, true)),
        status_(std::exchange(other.status_, Status::kClosed)),
        box_(std::exchange(other.box_, nullptr)) {
    TORO_CHECK(other.waiting_.empty(), "moved a future for which a thread waits");
    std::memcpy(words_, other.words_, sizeof words_);
    if (handle_ != 0) Here().handles().Move(handle_, static_cast<Answerable*>(this));
  }
  Future& operator=(Future&&) = delete;
  ~Future() {
    TORO_CHECK(waiting_.empty(), "destroyed a future for which a thread waits");
    if (handle_ != 0) Here().handles().Close(handle_);
    if (box_ != nullptr) DestroyBox(box_);
  }

  // Has an answer come? Any context of its CPU.
  bool Ready() {
    (void)Here();
    return answered_;
  }

  // Waits for the value and takes it; for Future<void>, the result has nothing in it but its status. kTimedOut and
  // kCancelled: it may be asked again. kClosed: nobody will set it, or it was taken. And what Promise::Fail said.
  // Thread context.
  Result<Value> Get(uint64_t deadline_ns = kNever) {
    Scheduler& here = Here();
    TORO_CHECK(here.MayBlock(), "waited for a future outside of a thread");
    while (!answered_) {
      Status status = Scheduler::Wait(&waiting_, deadline_ns, WaitsFor::kFuture, true);
      if (status != Status::kOk && !answered_) return status;
    }
    if (status_ != Status::kOk) return status_;
    status_ = Status::kClosed;
    if constexpr (future_internal::kInline<Value>) {
      return Value(*std::launder(reinterpret_cast<Value*>(words_)));
    } else {
      return TakeOutOfBox(std::exchange(box_, nullptr));
    }
  }

 private:
  friend class Promise<T>;
  template <typename>
  friend class AsyncCall;

  Future() : Answerable(&Take), owner_(CurrentCpu()) {
    handle_ = Scheduler::Current().handles().Open(static_cast<Answerable*>(this));
    TORO_CHECK(handle_ != 0, "no memory for a future; give the machine more memory");
  }

  Scheduler& Here() const {
    Scheduler& here = Scheduler::Current();
    TORO_CHECK(here.id() == owner_, "used a future on another CPU than the one that made it");
    return here;
  }

  static void Take(Answerable& self, Scheduler& here, const uint64_t* words, size_t count) {
    auto& future = static_cast<Future&>(self);
    future.answered_ = true;
    future.status_ = static_cast<Status>(words[0]);
    here.handles().Close(std::exchange(future.handle_, 0));
    if constexpr (future_internal::kInline<Value>) {
      for (size_t i = 1; i < count; ++i) future.words_[i - 1] = words[i];
    } else if (count > 1) {
      future.box_ = reinterpret_cast<Value*>(words[1]);
    }
    while (here.WakeFirst(future.waiting_)) continue;
  }

  CpuId owner_;
  Handle handle_ = 0;
  bool answered_ = false;
  Status status_ = Status::kOk;
  Value* box_ = nullptr;
  uint64_t words_[future_internal::kInlineWords] = {};
  WaitList waiting_;
};

template <typename T>
std::pair<Promise<T>, Future<T>> Promise<T>::Make() {
  Future<T> future;
  Promise promise(future.owner_, future.handle_);
  return {std::move(promise), std::move(future)};
}

// ---- calls and threads that answer later ----

template <typename Function>
class AsyncCall {
 public:
  using Returned = std::invoke_result_t<Function&>;

  // [handle, function object ...] or [handle, box]
  static constexpr bool kInline = std::is_trivially_copyable_v<Function> &&
                                  sizeof(Function) <= (kChannelWords - 1) * sizeof(uint64_t) &&
                                  alignof(Function) <= alignof(uint64_t);

  static Future<Returned> Call(CpuId to, Function function) {
    Scheduler& here = Scheduler::Current();
    if (to.index() >= here.exchange().cpus()) return Future<Returned>(Status::kNoSuchCpu);
    Scheduler::WaitForRoom(to);
    Future<Returned> future;
    if (to == here.id()) {
      Run(function, to, future.handle_);
      return future;
    }
    uint64_t words[kChannelWords] = {future.handle_};
    if constexpr (kInline) {
      std::memcpy(words + 1, static_cast<const void*>(&function), sizeof(Function));
      here.lines().Send(to, &DeliverInline, words, 1 + call_internal::WordsOf(sizeof(Function)));
    } else {
      if (!CanTravel<Function>(to)) return Future<Returned>(Status::kIsolated);
      Function* box = Box(function);
      if (box == nullptr) return Future<Returned>(Status::kOutOfMemory);
      words[1] = reinterpret_cast<uint64_t>(box);
      here.lines().Send(to, &DeliverBoxed, words, 2);
    }
    return future;
  }

  static Future<Returned> InThread(CpuId to, Function function) {
    Scheduler& here = Scheduler::Current();
    if (to.index() >= here.exchange().cpus()) return Future<Returned>(Status::kNoSuchCpu);
    if (!CanTravel<Function>(to)) return Future<Returned>(Status::kIsolated);
    void* memory = AllocateAlignedBytes(sizeof(Start), alignof(Start));
    if (memory == nullptr) return Future<Returned>(Status::kOutOfMemory);
    Future<Returned> future;
    auto* start = new (memory) Start{std::move(function), here.id(), future.handle_};
    (void)SpawnDetached(to, &RunStart, start);
    return future;
  }

 private:
  struct Start {
    Function function;
    CpuId caller;
    Handle handle;
  };

  static void Run(Function& function, CpuId caller, Handle handle) {
    Promise<Returned> promise(caller, handle);
    Status status = Status::kOk;
    if constexpr (std::is_void_v<Returned>) {
      function();
      status = promise.Set();
    } else {
      status = promise.Set(function());
    }
    if (status != Status::kOk) promise.Fail(status);
  }

  // The function object lies in memory of its caller. Where it may not be written, a copy is run.
  static void RunBoxed(Function& function, CpuId caller, Handle handle) {
    if constexpr (std::is_copy_constructible_v<Function>) {
      if (IsReadOnlyHere(&function)) {
        Function copy(std::as_const(function));
        Run(copy, caller, handle);
        return;
      }
    }
    Run(function, caller, handle);
  }

  static Function* Box(Function& function) {
    void* memory = AllocateAlignedBytes(sizeof(Function), alignof(Function));
    return memory != nullptr ? new (memory) Function(std::move(function)) : nullptr;
  }

  static void DeliverInline(Cpu&, CpuId from, const uint64_t* words, size_t) {
    alignas(Function) unsigned char copy[sizeof(Function)];
    std::memcpy(copy, words + 1, sizeof(Function));
    Run(*std::launder(reinterpret_cast<Function*>(copy)), from, words[0]);
  }

  // The caller destroys the function object: it lies in its memory.
  static void DeliverBoxed(Cpu& here, CpuId from, const uint64_t* words, size_t) TORO_ON(here) {
    auto* box = reinterpret_cast<Function*>(words[1]);
    RunBoxed(*box, from, words[0]);
    call_internal::GiveBack(here.scheduler(), from, box,
                            [](void* function) { static_cast<Function*>(function)->~Function(); });
  }

  static void RunStart(void* argument) {
    auto* start = static_cast<Start*>(argument);
    RunBoxed(start->function, start->caller, start->handle);
    Scheduler& here = Scheduler::Current();
    auto destroy = [](void* object) { static_cast<Start*>(object)->~Start(); };
    if (start->caller != here.id()) {
      call_internal::GiveBack(here, start->caller, start, destroy);
    } else {
      destroy(start);
      FreeBytes(start);
    }
  }
};

// Runs function() on CPU `cpu`, between two threads of it, without waiting: it must be brief, must not wait and must
// not throw. The future has what it returns; kNoSuchCpu, kOutOfMemory (for what does not fit into a line). Any context.
template <typename Function>
auto CallAsync(CpuId cpu, Function function) {
  return AsyncCall<Function>::Call(cpu, std::move(function));
}

// As Call, with an end to the waiting: kTimedOut, kCancelled. The function may be run nevertheless, so it must not
// refer to what ends with the caller.
template <typename Function>
auto CallUntil(CpuId cpu, uint64_t deadline_ns, Function function) {
  return CallAsync(cpu, std::move(function)).Get(deadline_ns);
}

// Runs function() in a detached thread on CPU `cpu`; it may wait, and must not throw. The future has what it returns;
// kNoSuchCpu, kOutOfMemory. Thread context.
template <typename Function>
auto SpawnAsync(CpuId cpu, Function function) {
  return AsyncCall<Function>::InThread(cpu, std::move(function));
}

}  // namespace toro

#endif  // CORE_KERNEL_FUTURE_H_
