#include "core/sched/call.h"

namespace toro::call_internal {

void DeliverCallLine(Cpu&, CpuId from, const uint64_t* words, size_t count) {
  uint64_t function[kFunctionWords];
  std::memcpy(function, words + 2, (count - 2) * sizeof(uint64_t));
  uint64_t value[kValueWords];
  constexpr unsigned kInvokeBits = 64 - kValueShift;
  reinterpret_cast<Invoke>(words[1] << kInvokeBits >> kInvokeBits)(function, value);
  Scheduler::Current().Answer(from, words[0], value, words[1] >> kValueShift);
}

namespace {

void DeliverTakenBack(Cpu&, CpuId, const uint64_t* words, size_t) {
  void* box = reinterpret_cast<void*>(words[0]);
  reinterpret_cast<void (*)(void*)>(words[1])(box);
  Scheduler::Current().partition().Free(box);
}

}  // namespace

void* TakeBox(Scheduler& here, size_t bytes, size_t align_bytes) {
  void* box = here.partition().AllocateAligned(bytes, align_bytes);
  TORO_CHECK(box != nullptr, "no memory for the value of a call; give the machine more memory");
  return box;
}

void GiveBack(Scheduler& here, CpuId owner, void* box, void (*destroy)(void* box)) {
  const uint64_t words[] = {reinterpret_cast<uint64_t>(box), reinterpret_cast<uint64_t>(destroy)};
  here.lines().Send(owner, &DeliverTakenBack, words, 2);
}

}  // namespace toro::call_internal
