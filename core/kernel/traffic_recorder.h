// TrafficRecorder: puts into a recorded trace what a CPU has sent and taken.
//
// WHY. A line or a message has no room for a number, and to count costs those who send. But the link of each pair
// counts anyway, in order: the loop of a CPU that records compares these counts with what they were a moment ago, and
// whoever reads both ends knows which message arrived where. So a kernel that does not record pays nothing for each
// message.
#ifndef CORE_KERNEL_TRAFFIC_RECORDER_H_
#define CORE_KERNEL_TRAFFIC_RECORDER_H_

#include <cstddef>
#include <cstdint>

#include "core/exchange/exchange.h"
#include "core/trace/trace_ring.h"

namespace toro {

class TrafficRecorder {
 public:
  // `memory` has BytesFor(cpus) bytes.
  void Begin(void* memory, size_t cpus);
  static size_t BytesFor(size_t cpus) { return cpus * sizeof(Exchange::Traffic); }

  bool records() const { return noted_ != nullptr; }

  // Records what has passed since the last call: sent by the thread that has just run, or, if `loop_since_ns` is not 0,
  // sent and taken by the loop since then. On the stack of the loop.
  void Note(const Exchange& exchange, TraceRing& trace, uint64_t loop_since_ns);

 private:
  Exchange::Traffic* noted_ = nullptr;
};

}  // namespace toro

#endif  // CORE_KERNEL_TRAFFIC_RECORDER_H_
