#include "core/sched/call.h"

namespace toro {
namespace {

void DeliverAnswerLine(Cpu&, CpuId, const uint64_t* words, size_t count) {
  CallRecord& record = *reinterpret_cast<CallRecord*>(words[0]);
  std::memcpy(record.value, words + 1, (count - 1) * sizeof(uint64_t));
  call_internal::Complete(record);
}

}  // namespace

void AnswerCall(Scheduler& here, CpuId caller_cpu, CallRecord& record, const uint64_t* words, size_t count) {
  if (caller_cpu != here.id()) {
    uint64_t line[kChannelWords] = {reinterpret_cast<uint64_t>(&record)};
    std::memcpy(line + 1, words, count * sizeof(uint64_t));
    if (here.exchange().SendLine(caller_cpu, &DeliverAnswerLine, line, 1 + count)) return;
  }
  // I3: the caller waits, so its record may be written.
  std::memcpy(record.value, words, count * sizeof(uint64_t));
  if (caller_cpu == here.id()) {
    call_internal::Complete(record);
  } else {
    record.deliver = &call_internal::DeliverReply;
    here.exchange().Post(caller_cpu, record);
  }
}

namespace call_internal {

void DeliverCallLine(Cpu&, CpuId from, const uint64_t* words, size_t count) {
  uint64_t function[kFunctionWords];
  std::memcpy(function, words + 2, (count - 2) * sizeof(uint64_t));
  uint64_t value[kValueWords];
  constexpr unsigned kInvokeBits = 64 - kValueShift;
  reinterpret_cast<Invoke>(words[1] << kInvokeBits >> kInvokeBits)(function, value);
  AnswerCall(Scheduler::Current(), from, *reinterpret_cast<CallRecord*>(words[0]), value, words[1] >> kValueShift);
}

}  // namespace call_internal
}  // namespace toro
