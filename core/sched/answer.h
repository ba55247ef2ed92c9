// Answers: how a thread waits for what another CPU says, and may give up waiting.
//
// WHY. What is asked of another CPU is answered by a line, `[handle, words ...]`. The handle is closed when nobody
// waits any more, so an answer that comes too late is dropped instead of being written into a stack that is in use for
// something else. And the CPU that answers touches no memory of the one that asked.
//
// INVARIANTS
//   I1. An Answerable is answered once at most, on its own CPU, in any context.
//   I2. A PendingAnswer is on the stack of the thread that waits, which stays on its CPU until it is destroyed.
#ifndef CORE_SCHED_ANSWER_H_
#define CORE_SCHED_ANSWER_H_

#include <cstddef>
#include <cstdint>

#include "core/sched/scheduler.h"

namespace toro {

inline constexpr size_t kAnswerWords = kChannelWords - 1;

// What an answer finds by its handle.
struct Answerable {
  using Take = void (*)(Answerable& self, Scheduler& here, const uint64_t* words, size_t count);

  explicit Answerable(Take function) : take(function) {}

  Take take;
};

// An answer for which the current thread waits.
class PendingAnswer : public Answerable {
 public:
  // The words of the answer are written to `words`, which has room for all that the other side sends.
  PendingAnswer(Scheduler& here, uint64_t* words, WaitsFor what)
      : Answerable(&TakeWords), words_(words), thread_(here.current()), what_(what) {
    handle_ = here.handles().Open(this);
    TORO_CHECK(handle_ != 0, "no memory to wait for an answer; give the machine more memory");
  }
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  ~PendingAnswer() { Close(); }

  // Goes to the CPU that answers.
  Handle handle() const { return handle_; }

  // Waits for the answer: kOk, kTimedOut, or, if `cancellable`, kCancelled. Thread context.
  Status Await(uint64_t deadline_ns, bool cancellable) {
    while (!answered_) {
      Status status = Scheduler::Wait(nullptr, deadline_ns, what_, cancellable);
      if (status != Status::kOk && !answered_) return status;
    }
    return Status::kOk;
  }

  // Has the wait begun, and nobody ended it?
  bool waits() const { return thread_->waits_for != WaitsFor::kNothing; }

  // No answer is wanted any more.
  void Close() {
    if (handle_ != 0) Scheduler::Current().handles().Close(handle_);
    handle_ = 0;
  }

 private:
  static void TakeWords(Answerable& self, Scheduler& here, const uint64_t* words, size_t count) {
    auto& pending = static_cast<PendingAnswer&>(self);
    for (size_t i = 0; i < count; ++i) pending.words_[i] = words[i];
    pending.answered_ = true;
    // It may not wait yet, or its deadline may have come and it not have run since.
    if (pending.thread_->waits_for != WaitsFor::kNothing) here.EndWait(*pending.thread_, Status::kOk);
  }

  uint64_t* words_;
  Thread* thread_;
  Handle handle_;
  WaitsFor what_;
  bool answered_ = false;
};

}  // namespace toro

#endif  // CORE_SCHED_ANSWER_H_
