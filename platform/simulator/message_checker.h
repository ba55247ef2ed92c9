// MessageChecker: what is sent arrives, once, in order, and in time.
//
// It keeps, for each ordered pair of CPUs, what was posted and published and has not been delivered yet; the exchange
// tells it both ends and nothing of what lies between: outboxes, slots, channels, bells, sleep.
//
// RULES
//   ownership     a message is posted again only after it was delivered
//   conservation  what is delivered is what was sent first of what is in flight
//   liveness      nothing is in flight for more than MostTicks, and nothing at all while every CPU halts and no store
//   and
//                 no wake-up is on its way: then a wake-up was lost
#ifndef PLATFORM_SIMULATOR_MESSAGE_CHECKER_H_
#define PLATFORM_SIMULATOR_MESSAGE_CHECKER_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "platform/simulator/host_memory.h"

namespace toro::simulator {

class MessageChecker {
 public:
  void Begin(size_t cpus, uint64_t most_ticks);

  void Posted(CpuId from, CpuId to, const void* message);
  void Delivered(CpuId from, CpuId to, const void* message);
  // `what`: handler and number of words.
  void Published(CpuId from, CpuId to, uint64_t what);
  void Taken(CpuId from, CpuId to, uint64_t what);

  // Now and then.
  void CheckAges() const;
  // Every CPU halts, and nothing but a timer can wake one.
  void CheckNothingInFlight() const;

 private:
  struct Item {
    uint64_t what;
    uint64_t tick;
  };
  class Fifo {
   public:
    bool empty() const { return first_ == items_.size(); }
    const Item& front() const { return items_[first_]; }
    void Push(const Item& item) { items_.push_back(item); }
    void Pop() {
      if (++first_ < items_.size() && first_ < kMostGone) return;
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    bool Has(uint64_t what) const;

   private:
    static constexpr size_t kMostGone = 256;
    size_t first_ = 0;
    HostVector<Item> items_;
  };
  struct Pair {
    Fifo messages;
    Fifo lines;
  };

  Pair& Between(CpuId from, CpuId to) { return pairs_[from.index() * cpus_ + to.index()]; }
  template <typename Visit>
  void ForEach(Visit visit) const;

  size_t cpus_ = 0;
  uint64_t most_ticks_ = 0;
  HostVector<Pair> pairs_;
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_MESSAGE_CHECKER_H_
