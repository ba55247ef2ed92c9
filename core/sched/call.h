// CallOn: runs a function on another CPU and waits for its value. Spawn, statistics and the console are built on it.
//
// WHY. The fast form needs one line each way: the function object goes inside of the request line, the value comes back
// inside of the reply line, and neither CPU reads memory of the other. It serves function objects and values that may
// be copied as bytes and fit; everything else goes by exchange slot, with the record of the call on the caller's stack.
//
// INVARIANTS
//   I1. The record lies on the stack of the waiting thread, which cannot go on before the reply has been delivered.
//   I2. The reply is the last thing that the called CPU does with a record.
//   I3. A reply never waits: when the channel is full, it goes by slot.
#ifndef CORE_SCHED_CALL_H_
#define CORE_SCHED_CALL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "core/sched/scheduler.h"

namespace toro {

// The waiting side of a call. The Message is used only when the channel for the answer is full.
struct CallRecord : Message {
  Thread* caller = nullptr;
  void* value = nullptr;  // storage for the value, in whole words
  bool done = false;
};

// Answers the call of CPU `caller_cpu` that `record` stands for, with `count` words, at most six. Any context of the
// called CPU.
void AnswerCall(Scheduler& here, CpuId caller_cpu, CallRecord& record, const uint64_t* words, size_t count);

namespace call_internal {

inline void Complete(CallRecord& record) {
  record.done = true;
  Scheduler::Current().MakeReady(*record.caller);
}

inline void DeliverReply(Cpu&, Message& message) { Complete(static_cast<CallRecord&>(message)); }

// ---- the fast form: [record, invoke and size of the value, function object ...] and [record, value ...] ----

inline constexpr size_t kFunctionWords = kChannelWords - 2;
inline constexpr size_t kValueWords = kChannelWords - 1;
inline constexpr unsigned kValueShift = 48;

using Invoke = void (*)(uint64_t* function, uint64_t* value);

void DeliverCallLine(Cpu& here, CpuId from, const uint64_t* words, size_t count);

// ---- the general form ----

template <typename Function, typename Value>
struct TypedRecord : CallRecord {
  Function* function = nullptr;
  CpuId caller_cpu;
};

struct Nothing {};

template <typename Function, typename Value>
void InvokeInto(Function& function, void* value) noexcept {
  if constexpr (std::is_same_v<Value, Nothing>) {
    function();
  } else {
    new (value) Value(function());
  }
}

template <typename Function, typename Value>
void DeliverCall(Cpu&, Message& message) {
  auto& record = static_cast<TypedRecord<Function, Value>&>(message);
  InvokeInto<Function, Value>(*record.function, record.value);
  record.deliver = &DeliverReply;
  Scheduler::Current().exchange().Post(record.caller_cpu, record);
}

constexpr size_t WordsOf(size_t bytes) { return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t); }

template <typename Function, typename Value>
inline constexpr bool kFitsALine =
    std::is_trivially_copyable_v<Function> && std::is_trivially_copyable_v<Value> &&
    WordsOf(sizeof(Function)) <= kFunctionWords && WordsOf(sizeof(Value)) <= kValueWords &&
    alignof(Function) <= alignof(uint64_t) && alignof(Value) <= alignof(uint64_t);

template <typename Function, typename Value>
bool TrySendLine(Scheduler& here, CpuId to, Function& function, CallRecord& record) {
  Invoke invoke = [](uint64_t* words, uint64_t* value) {
    InvokeInto<Function, Value>(*std::launder(reinterpret_cast<Function*>(words)), value);
  };
  constexpr size_t kWords = WordsOf(sizeof(Function));
  uint64_t line[2 + kWords] = {reinterpret_cast<uint64_t>(&record),
                               uint64_t{WordsOf(sizeof(Value))} << kValueShift | reinterpret_cast<uint64_t>(invoke)};
  std::memcpy(line + 2, static_cast<const void*>(&function), sizeof(Function));
  return here.exchange().SendLine(to, &DeliverCallLine, line, 2 + kWords);
}

}  // namespace call_internal

// Runs function() on CPU `to`, in message context there: it must be brief, must not wait and must not throw. Returns
// what it returns. `to` must exist. On the calling CPU it is an ordinary call, in any context; else thread context.
template <typename Function>
auto CallOn(CpuId to, Function function) -> std::invoke_result_t<Function&> {
  using namespace call_internal;
  using Returned = std::invoke_result_t<Function&>;
  using Value = std::conditional_t<std::is_void_v<Returned>, Nothing, Returned>;
  Scheduler& here = Scheduler::Current();
  if (to == here.id()) return function();
  TORO_CHECK(to.index() < here.exchange().cpus(), "called a CPU that does not exist; compare with CpuCount() first");
  TORO_CHECK(here.MayBlock(), "waited for a call outside of a thread");
  alignas(Value) alignas(uint64_t) unsigned char storage[WordsOf(sizeof(Value)) * sizeof(uint64_t)];
  TypedRecord<Function, Value> record;
  record.caller = here.current();
  record.value = storage;
  bool sent = false;
  if constexpr (kFitsALine<Function, Value>) sent = TrySendLine<Function, Value>(here, to, function, record);
  if (!sent) {
    record.deliver = &DeliverCall<Function, Value>;
    record.function = &function;
    record.caller_cpu = here.id();
    here.exchange().Post(to, record);
  }
  while (!record.done) Scheduler::Block();
  if constexpr (!std::is_void_v<Returned>) {
    Value* value = std::launder(reinterpret_cast<Value*>(storage));
    Value result = std::move(*value);
    value->~Value();
    return result;
  }
}

}  // namespace toro

#endif  // CORE_SCHED_CALL_H_
