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
  if (exchange_.isolated()) {  // the object cannot be written
    Cpu::Current().scheduler().lines().Send(owner, &TakeHome, &word, 1);
    return;
  }
  Waiting*& list = waiting_[owner.index()];
  if (list == nullptr) ++owners_waiting_;
  list = new (object) Waiting{list};
}

void ReturnPath::Retry() {
  for (size_t owner = 0; owner < exchange_.cpus() && owners_waiting_ > 0; ++owner) {
    Waiting*& list = waiting_[owner];
    if (list == nullptr) continue;
    while (list != nullptr) {
      Waiting* next = list->next;
      const uint64_t word = reinterpret_cast<uint64_t>(list);
      if (!exchange_.Pack(CpuId{owner}, &TakeHome, &word, 1)) break;
      list = next;
    }
    if (list == nullptr) --owners_waiting_;
  }
}

}  // namespace toro
