#include "core/kernel/traffic_recorder.h"

#include <memory>

namespace toro {

void TrafficRecorder::Begin(void* memory, size_t cpus) {
  noted_ = static_cast<Exchange::Traffic*>(memory);
  std::uninitialized_value_construct_n(noted_, cpus);
}

void TrafficRecorder::Note(const Exchange& exchange, TraceRing& trace, uint64_t loop_since_ns) {
  bool loop_is_said = loop_since_ns == 0;
  for (size_t i = 0; i < exchange.cpus(); ++i) {
    Exchange::Traffic& noted = noted_[i];
    const Exchange::Traffic now = exchange.TrafficWith(CpuId{i});
    if (now == noted) continue;
    if (!loop_is_said) trace.Add(TraceEvent::kDeliver, 0, loop_since_ns);
    loop_is_said = true;
    uint32_t peer = static_cast<uint32_t>(i);
    if (now.lines_taken != noted.lines_taken || now.messages_taken != noted.messages_taken) {
      trace.Add(TraceEvent::kTaken, peer, now.lines_taken, now.messages_taken);
    }
    if (now.lines_sent != noted.lines_sent || now.messages_sent != noted.messages_sent) {
      trace.Add(TraceEvent::kSent, peer, now.lines_sent, now.messages_sent);
    }
    noted = now;
  }
}

}  // namespace toro
