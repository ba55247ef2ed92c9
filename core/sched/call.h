// CallOn: runs a function on another CPU and waits for its value. Spawn, statistics and the console are built on it.
//
// WHY. The fast form needs one line each way: the function object goes inside of the request line, the value comes back
// inside of the reply line, and neither CPU reads memory of the other. It serves function objects and values that may
// be copied as bytes and fit. A larger function object is called where it is, on the caller's stack, and goes by slot;
// a larger value is left in memory of the called CPU, which destroys it when the caller has its copy.
//
// INVARIANTS
//   I1. The function object lies on the stack of the waiting thread, which cannot go on before the answer has come: a
//       call is not cancelled, and has no deadline (CallAsync has, core/kernel/future.h).
//   I2. Neither CPU writes into memory of the other, but for what the function object itself does, and values that can
//       be moved only: those are moved out of their box.
//   I3. An answer never waits (line_queue.h).
#ifndef CORE_SCHED_CALL_H_
#define CORE_SCHED_CALL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "core/sched/answer.h"
#include "core/sched/scheduler.h"

namespace toro {

namespace call_internal {

// ---- the fast form: [handle, invoke and size of the value, function object ...] and [handle, value ...] ----

inline constexpr size_t kFunctionWords = kChannelWords - 2;
inline constexpr size_t kValueWords = kAnswerWords;
inline constexpr unsigned kValueShift = 48;

using Invoke = void (*)(uint64_t* function, uint64_t* value);

void DeliverCallLine(Cpu& here, CpuId from, const uint64_t* words, size_t count);

// ---- the general form ----

struct Nothing {};

// Runs the function; `value` has room for what it returns.
template <typename Function, typename Value>
void InvokeInto(Function& function, void* value) noexcept {
  if constexpr (std::is_same_v<Value, Nothing>) {
    function();
  } else {
    new (value) Value(function());
  }
}

constexpr size_t WordsOf(size_t bytes) { return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t); }

template <typename Value>
inline constexpr bool kValueFitsALine =
    std::is_trivially_copyable_v<Value> && WordsOf(sizeof(Value)) <= kValueWords && alignof(Value) <= alignof(uint64_t);

template <typename Function, typename Value>
inline constexpr bool kFitsALine =
    kValueFitsALine<Value> && std::is_trivially_copyable_v<Function> && WordsOf(sizeof(Function)) <= kFunctionWords &&
    alignof(Function) <= alignof(uint64_t);

// A box: memory of the called CPU for one value. GiveBack makes `owner`, another CPU, destroy the value and free the
// box.
void* TakeBox(Scheduler& here, size_t bytes, size_t align_bytes);
void GiveBack(Scheduler& here, CpuId owner, void* box, void (*destroy)(void* box));

// What the answer carries: the value, or the box in which it is.
template <typename Value>
inline constexpr size_t kAnswerWordsOf = kValueFitsALine<Value> ? WordsOf(sizeof(Value)) : 1;

// Runs the function on this CPU; fills `words` with what the answer carries.
template <typename Function, typename Value>
void InvokeForAnswer(Scheduler& here, Function& function, uint64_t* words) {
  if constexpr (kValueFitsALine<Value>) {
    InvokeInto<Function, Value>(function, words);
  } else {
    void* box = TakeBox(here, sizeof(Value), alignof(Value));
    InvokeInto<Function, Value>(function, box);
    words[0] = reinterpret_cast<uint64_t>(box);
  }
}

// Takes the value out of an answer of CPU `from`.
template <typename Value>
Value TakeValue(CpuId from, uint64_t* words) {
  if constexpr (kValueFitsALine<Value>) {
    return *std::launder(reinterpret_cast<Value*>(words));
  } else {
    struct Box {
      ~Box() {
        GiveBack(Scheduler::Current(), from, value, [](void* box) { static_cast<Value*>(box)->~Value(); });
      }
      Value* value;
      CpuId from;
    } box{reinterpret_cast<Value*>(words[0]), from};
    if constexpr (std::is_copy_constructible_v<Value>) {
      return *box.value;
    } else {
      return std::move(*box.value);
    }
  }
}

template <typename Function>
struct Request : Message {
  explicit Request(Function& called) : function(called) {}

  Function& function;
  Handle handle = 0;
  CpuId caller_cpu;
};

template <typename Function, typename Value>
void DeliverRequest(Cpu&, Message& message) {
  auto& request = static_cast<Request<Function>&>(message);
  Scheduler& here = Scheduler::Current();
  uint64_t words[kAnswerWordsOf<Value>] = {};
  if constexpr (std::is_copy_constructible_v<Function>) {
    if (here.exchange().isolated()) {  // it may write into itself
      Function copy(std::as_const(request.function));
      InvokeForAnswer<Function, Value>(here, copy, words);
      here.Answer(request.caller_cpu, request.handle, words, kAnswerWordsOf<Value>);
      return;
    }
  }
  InvokeForAnswer<Function, Value>(here, request.function, words);
  here.Answer(request.caller_cpu, request.handle, words, kAnswerWordsOf<Value>);
}

template <typename Function, typename Value>
bool TrySendLine(Scheduler& here, CpuId to, Function& function, Handle handle) {
  Invoke invoke = [](uint64_t* words, uint64_t* value) {
    InvokeInto<Function, Value>(*std::launder(reinterpret_cast<Function*>(words)), value);
  };
  constexpr size_t kWords = WordsOf(sizeof(Function));
  uint64_t line[2 + kWords] = {handle,
                               uint64_t{WordsOf(sizeof(Value))} << kValueShift | reinterpret_cast<uint64_t>(invoke)};
  std::memcpy(line + 2, static_cast<const void*>(&function), sizeof(Function));
  return here.exchange().SendLine(to, &DeliverCallLine, line, 2 + kWords);
}

}  // namespace call_internal

// Runs function() on CPU `to`, in message context there: it must be brief, must not wait and must not throw. Returns
// what it returns. `to` must exist. On the calling CPU it is an ordinary call, in any context; else thread context. A
// cancel does not end it.
template <typename Function>
auto CallOn(CpuId to, Function function) -> std::invoke_result_t<Function&> {
  using namespace call_internal;
  using Returned = std::invoke_result_t<Function&>;
  using Value = std::conditional_t<std::is_void_v<Returned>, Nothing, Returned>;
  Scheduler& here = Scheduler::Current();
  if (to == here.id()) return function();
  TORO_CHECK(to.index() < here.exchange().cpus(), "called a CPU that does not exist; compare with CpuCount() first");
  TORO_CHECK(here.MayBlock(), "waited for a call outside of a thread");
  if constexpr (!std::is_copy_constructible_v<Function> || !std::is_copy_constructible_v<Value>) {
    TORO_CHECK(!here.exchange().isolated(),
               "a function object or a value that can only be moved cannot go to another CPU: the CPUs are isolated");
  }
  uint64_t words[kAnswerWordsOf<Value>] = {};
  PendingAnswer answer(here, words, WaitsFor::kCall);
  Request<Function> request(function);
  bool sent = false;
  if constexpr (kFitsALine<Function, Value>) sent = TrySendLine<Function, Value>(here, to, function, answer.handle());
  if (!sent) {
    request.deliver = &DeliverRequest<Function, Value>;
    request.handle = answer.handle();
    request.caller_cpu = here.id();
    here.exchange().Post(to, request);
  }
  (void)answer.Await(kNever, false);
  if constexpr (!std::is_void_v<Returned>) return TakeValue<Value>(to, words);
}

}  // namespace toro

#endif  // CORE_SCHED_CALL_H_
