// The queues of others, behind one shape: Push one or many, Take what is there.
//
// Each is the library's fastest form for one producer and one consumer, with room for kQueueItems.
#ifndef BENCH_QUEUE_PEERS_H_
#define BENCH_QUEUE_PEERS_H_

#include <readerwriterqueue/readerwriterqueue.h>
#include <rte_ring.h>

#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/base/units.h"

namespace toro::bench {

inline constexpr size_t kQueueItems = 1024;
inline constexpr size_t kBulkItems = 32;

class BoostQueue {
 public:
  bool Push(uint64_t value) { return queue_.push(value); }
  bool Pop(uint64_t& value) { return queue_.pop(value); }
  size_t PushSome(const uint64_t* values, size_t count) { return queue_.push(values, count); }
  size_t PopSome(uint64_t* values, size_t count) { return queue_.pop(values, count); }

 private:
  alignas(kSharedStrideBytes) boost::lockfree::spsc_queue<uint64_t, boost::lockfree::capacity<kQueueItems>> queue_;
};

class MoodycamelQueue {
 public:
  bool Push(uint64_t value) { return queue_.try_enqueue(value); }
  bool Pop(uint64_t& value) { return queue_.try_dequeue(value); }

 private:
  moodycamel::ReaderWriterQueue<uint64_t> queue_{kQueueItems};
};

// On memory of our own: rte_ring_init needs no DPDK environment.
class DpdkRing {
 public:
  DpdkRing() {
    size_t bytes = AlignUp(static_cast<uint64_t>(rte_ring_get_memsize(kQueueItems)), kSharedStrideBytes);
    memory_.reset(std::aligned_alloc(kSharedStrideBytes, bytes));
    ring_ = static_cast<rte_ring*>(memory_.get());
    if (rte_ring_init(ring_, "bench", kQueueItems, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) std::abort();
  }

  bool Push(uint64_t value) { return rte_ring_sp_enqueue(ring_, reinterpret_cast<void*>(value)) == 0; }
  bool Pop(uint64_t& value) { return rte_ring_sc_dequeue(ring_, reinterpret_cast<void**>(&value)) == 0; }
  size_t PushSome(const uint64_t* values, size_t count) {
    return rte_ring_sp_enqueue_burst(ring_, reinterpret_cast<void* const*>(values), static_cast<unsigned>(count),
                                     nullptr);
  }
  size_t PopSome(uint64_t* values, size_t count) {
    return rte_ring_sc_dequeue_burst(ring_, reinterpret_cast<void**>(values), static_cast<unsigned>(count), nullptr);
  }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  rte_ring* ring_;
};

}  // namespace toro::bench

#endif  // BENCH_QUEUE_PEERS_H_
