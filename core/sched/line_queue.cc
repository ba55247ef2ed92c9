#include "core/sched/line_queue.h"

#include <cstring>
#include <new>

namespace toro {

void LineQueue::Append(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count, QueuedLine* storage) {
  QueuedLine* line = storage;
  if (line == nullptr) {
    void* memory = partition_.Allocate(sizeof(QueuedLine));
    TORO_CHECK(
        memory != nullptr,
        "no memory for a line to a CPU whose channel is full; give the machine more memory, or let that CPU step");
    line = new (memory) QueuedLine;
    line->allocated = true;
  }
  line->next = nullptr;
  line->handler = handler;
  line->count = static_cast<uint8_t>(count);
  std::memcpy(line->words, words, count * sizeof(uint64_t));
  Queue& queue = queues_[to.index()];
  if (queue.first == nullptr) {
    queue.first = line;
    ++waiting_;
  } else {
    queue.last->next = line;
  }
  queue.last = line;
  ++queue.lines;
}

bool LineQueue::Retry() {
  bool sent = false;
  for (size_t to = 0; to < exchange_.cpus() && waiting_ > 0; ++to) {
    Queue& queue = queues_[to];
    if (queue.first == nullptr) continue;
    while (QueuedLine* line = queue.first) {
      // Whoever takes the line may use its storage at once.
      QueuedLine* next = line->next;
      const bool allocated = line->allocated;
      if (!exchange_.SendLine(CpuId{to}, line->handler, line->words, line->count)) break;
      sent = true;
      queue.first = next;
      --queue.lines;
      if (allocated) partition_.Free(line);
    }
    if (queue.first == nullptr) --waiting_;
  }
  return sent;
}

}  // namespace toro
