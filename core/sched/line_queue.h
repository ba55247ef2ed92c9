// LineQueue: lines to other CPUs that are sent for certain, in order; those that find the channel full wait here.
//
// WHY. Message context must not wait for room in a channel, and what answers, wakes or carries a thread must not get
// lost. A line that finds no room waits in memory of the sending CPU, and the loop sends it later. So nobody writes
// into the memory of the CPU that asked, and the lines of one pair of CPUs keep their order, on which control.cc rests.
//
// INVARIANTS
//   I1. Lines of this queue to one CPU arrive in the order of Send. IF YOU let one take another way (a slot), control
//       requests overtake the threads that they follow.
//   I2. A CPU whose queue is not empty does not sleep (Cpu::Sleep).
//   I3. A line that waits costs memory of the sender only; a thread that travels brings its own. Threads that send
//       without waiting for an answer wait when the queue is long; what message context sends is bounded by what it
//       takes.
//
// COST. Send, when the channel has room: one load and what SendLine costs.
#ifndef CORE_SCHED_LINE_QUEUE_H_
#define CORE_SCHED_LINE_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "core/exchange/exchange.h"
#include "core/memory/partition.h"

namespace toro {

struct QueuedLine {
  QueuedLine* next = nullptr;
  ChannelHandler handler = nullptr;
  uint64_t words[kChannelWords];
  uint8_t count = 0;
  bool allocated = false;
};

class LineQueue {
 public:
  LineQueue(Exchange& exchange, Partition& partition) : exchange_(exchange), partition_(partition) {}
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  // Sends `count` words, 1..7, to `handler` on CPU `to`, which is another one. Any context; does not wait. `storage`,
  // if given, is used while the line waits, and the caller keeps it until the line has left; else the partition must
  // have room when the channel has none.
  void Send(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count, QueuedLine* storage = nullptr) {
    if (__builtin_expect(queues_[to.index()].first == nullptr, 1) && exchange_.SendLine(to, handler, words, count)) {
      return;
    }
    Append(to, handler, words, count, storage);
  }

  // Sends what there is room for. True if anything was sent. The loop.
  [[gnu::cold]] bool Retry();

  bool waiting() const { return waiting_ != 0; }

  // So many lines to `to` wait that a thread should wait, too, before it sends more (Scheduler::WaitForRoom).
  bool Long(CpuId to) const { return queues_[to.index()].lines >= kChannelLines; }

 private:
  struct Queue {
    QueuedLine* first = nullptr;
    QueuedLine* last = nullptr;
    size_t lines = 0;
  };

  void Append(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count, QueuedLine* storage);

  Exchange& exchange_;
  Partition& partition_;
  size_t waiting_ = 0;  // queues that are not empty
  Queue queues_[kMaxCpus];
};

}  // namespace toro

#endif  // CORE_SCHED_LINE_QUEUE_H_
