#include "core/kernel/return_path.h"

#include "core/kernel/cpu.h"

namespace toro {
namespace {

void TakeHome(Cpu& here, CpuId, const uint64_t* words, size_t count) {
  for (size_t i = 0; i < count; ++i) here.partition().Free(reinterpret_cast<void*>(words[i]));
  here.return_path().counters().returned += count;
}

}  // namespace

void ReturnPath::Give(CpuId owner, void* object) {
  ++counters_.given;
  const uint64_t word = reinterpret_cast<uint64_t>(object);
  if (exchange_.Pack(owner, &TakeHome, &word, 1)) return;
  ++counters_.waited;
  waiting_ = new (object) Waiting{waiting_, owner.index()};
}

bool ReturnPath::Retry() {
  Waiting* list = waiting_;
  waiting_ = nullptr;
  while (list != nullptr) {
    Waiting* next = list->next;
    CpuId owner{list->owner};
    const uint64_t word = reinterpret_cast<uint64_t>(list);
    if (!exchange_.Pack(owner, &TakeHome, &word, 1)) {
      list->next = waiting_;
      waiting_ = list;
    }
    list = next;
  }
  return waiting_ != nullptr;
}

}  // namespace toro
