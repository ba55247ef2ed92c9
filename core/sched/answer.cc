#include "core/sched/answer.h"

#include <cstring>

namespace toro {

bool Scheduler::TakeAnswer(Handle handle, const uint64_t* words, size_t count) {
  auto* answerable = handles_.Find<Answerable>(handle);
  if (answerable == nullptr) return false;
  answerable->take(*answerable, *this, words, count);
  return true;
}

void Scheduler::DeliverAnswer(Cpu&, CpuId, const uint64_t* words, size_t count) {
  Current().TakeAnswer(words[0], words + 1, count - 1);
}

void Scheduler::Answer(CpuId to, Handle handle, const uint64_t* words, size_t count) {
  if (to == id()) {
    TakeAnswer(handle, words, count);
    return;
  }
  uint64_t line[kChannelWords] = {handle};
  std::memcpy(line + 1, words, count * sizeof(uint64_t));
  lines_.Send(to, &DeliverAnswer, line, 1 + count);
}

}  // namespace toro
