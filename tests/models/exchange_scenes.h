// Exchange, the product's own class (core/exchange/exchange.h), in every order: slots, channels, doorbells and the
// sleep word together, with the lines of code that put them together.
//
// A CPU performs its operations, then steps until it has received what the others send, and sleeps in between (or keeps
// stepping). Every message must arrive once, whole, and in the order of its form (I2); who waits for ever has lost a
// wake-up or a ring.
#ifndef TESTS_MODELS_EXCHANGE_SCENES_H_
#define TESTS_MODELS_EXCHANGE_SCENES_H_

#include "tests/models/model_exchange.h"

namespace toro::model {

using Setup = std::function<void(Model&)>;

constexpr size_t kMaxOperations = 3;

enum class Form : uint8_t { kNone, kPost, kLine, kPack };

struct Operation {
  Form form = Form::kNone;
  size_t to = 0;
};

enum class Rest : uint8_t { kSleeps, kWatches, kSteps };

struct Script {
  Operation operations[kMaxOperations];
  Rest rest = Rest::kSleeps;
};

struct Scene {
  Script script[kModelCpus];
};

// Per sender and form, messages carry 1, 2, 3...
template <size_t Cpus, size_t Lines, typename Words>
class ScriptCpu : public ModelExchangeCpu<ScriptCpu<Cpus, Lines, Words>, Cpus, Lines, Words> {
 public:
  using Base = ModelExchangeCpu<ScriptCpu, Cpus, Lines, Words>;
  using Message = typename Base::Parts::Message;

  ScriptCpu(typename Base::Machine& machine, Message* messages, size_t self, const Scene& scene, const Faults& faults)
      : Base(machine, self, scene.script[self].rest == Rest::kWatches, faults),
        script_(scene.script[self]),
        messages_(messages) {
    for (size_t from = 0; from < Cpus; ++from) {
      for (const Operation& operation : scene.script[from].operations) {
        if (operation.form != Form::kNone && operation.to == self) ++expected_;
      }
    }
  }

  void Run() {
    for (const Operation& operation : script_.operations) Perform(operation);
    for (;;) {
      this->Settle(0);
      this->exchange().Work();
      this->Settle(1);
      bool done = received_ == expected_ && !this->exchange().waiting();
      if (script_.rest == Rest::kSteps ? this->KeepStepping(done) : this->Sleep(done)) return;
    }
  }

 private:
  static void TakePost(ScriptCpu& here, Message& message) {
    uint64_t payload = message.payload.Get();
    message.next = nullptr;  // it is the receiver's now, who may send it on
    here.Receive(here.posts_[payload >> 8], payload & 0xff);
  }
  static void TakeWords(ScriptCpu& here, CpuId from, const uint64_t* words, size_t count) {
    for (size_t i = 0; i < count; ++i) here.Receive(here.lines_[from.index()], words[i]);
  }
  void Receive(uint64_t& last, uint64_t number) {
    Expect(number == last + 1, "messages of one form arrive once and in order (I2)");
    last = number;
    ++received_;
  }

  void Perform(const Operation& operation) {
    CpuId to{operation.to};
    if (operation.form == Form::kNone) return;
    if (operation.form == Form::kPost) {
      Message& message = *messages_++;
      message.deliver = &TakePost;
      message.payload.Set(this->exchange().self().index() << 8 | ++posted_[operation.to]);
      return this->exchange().Post(to, message);
    }
    uint64_t word = ++sent_[operation.to];
    while (!(operation.form == Form::kLine ? this->exchange().SendLine(to, &TakeWords, &word, 1)
                                           : this->exchange().Pack(to, &TakeWords, &word, 1))) {
      this->AwaitRoom(to);
    }
  }

  const Script script_;
  Message* messages_;
  size_t received_ = 0, expected_ = 0;
  uint64_t posted_[Cpus] = {}, sent_[Cpus] = {};  // to each
  uint64_t posts_[Cpus] = {}, lines_[Cpus] = {};  // the last from each
};

template <size_t Cpus, size_t Lines, typename Words = ModelAtomics>
Setup Play(const Scene& scene, const Faults& faults = {}) {
  using Actor = ScriptCpu<Cpus, Lines, Words>;
  struct Messages {
    typename Actor::Message message[Cpus][kMaxOperations];
  };
  return [=](Model& model) {
    auto& machine = model.Make<typename Actor::Machine>("machine");
    auto& messages = model.Make<Messages>("messages");
    bool sends[kModelCpus][kModelCpus] = {};
    for (size_t from = 0; from < Cpus; ++from) {
      for (const Operation& operation : scene.script[from].operations) {
        if (operation.form != Form::kNone) sends[from][operation.to] = true;
      }
    }
    machine.Wire(model, sends);
    for (size_t cpu = 0; cpu < Cpus; ++cpu) {
      model.Thread({"cpu", static_cast<int>(cpu)}, [&machine, &messages, cpu, scene, faults] {
        Actor::RunAlone(machine, messages.message[cpu], cpu, scene, faults);
      });
    }
  };
}

constexpr Operation Post(size_t to) { return {Form::kPost, to}; }
constexpr Operation Line(size_t to) { return {Form::kLine, to}; }
constexpr Operation Pack(size_t to) { return {Form::kPack, to}; }

}  // namespace toro::model

#endif  // TESTS_MODELS_EXCHANGE_SCENES_H_
