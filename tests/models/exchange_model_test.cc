// Exchange, the product's own class (core/exchange/exchange.h), in every order: slots, channels, doorbells and the
// sleep word together, with the lines of code that put them together.
//
// A CPU performs its operations, then steps until it has received what the others send, and sleeps in between (or keeps
// stepping). Every message must arrive once, whole, and in the order of its form (I2); who waits for ever has lost a
// wake-up or a ring.
#include "tests/models/model_exchange.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

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

constexpr Operation kNothing{};
constexpr Operation Post(size_t to) { return {Form::kPost, to}; }
constexpr Operation Line(size_t to) { return {Form::kLine, to}; }
constexpr Operation Pack(size_t to) { return {Form::kPack, to}; }

const Scene kThreeFormsOneWay = {{{{Post(1), Line(1), Pack(1)}}, {}}};
const Scene kTwoThereOneBack = {{{{Post(1), Line(1)}}, {{Post(0)}}}};
const Scene kOnePost = {{{{Post(1)}}, {}}};
const Scene kOnePostEachWay = {{{{Post(1)}}, {{Post(0)}}}};
const Scene kOneLine = {{{{Line(1)}}, {}}};
const Scene kPostStepping = {{{{Post(1)}, Rest::kSteps}, {}}};
const Scene kPostToWatcher = {{{{Post(1)}}, {{}, Rest::kWatches}}};
const Scene kOneToTwo = {{{{Post(1), Line(2)}}, {}, {}}};

constexpr Scene BothWays(Rest rest) {
  return {{{{Post(1), Line(1), Pack(1)}, rest}, {{Post(0), Line(0), Pack(0)}, rest}}};
}

TEST(ExchangeModel, EveryFormArrivesAndNoCpuSleepsForEver) {
  ProveEverywhere("exchange", "2 CPUs, a post, a line and a pack, both sleep", Play<2, 2>(kThreeFormsOneWay));
  ProveEverywhere("exchange", "2 CPUs, a post and a line there, a post back, both sleep", Play<2, 2>(kTwoThereOneBack));
}

TEST(ExchangeModel, ThreeOperationsOfEachOfTwoCpus) {
  ProveEverywhere("exchange", "2 CPUs, 3 operations each, both keep stepping", Play<2, 2>(BothWays(Rest::kSteps)));
  Prove("exchange", "2 CPUs, 3 operations each, both watch their bells", MemoryModel::kSc,
        Play<2, 2>(BothWays(Rest::kWatches)));
  Prove("exchange", "2 CPUs, 3 operations each, both watch their bells", MemoryModel::kTso,
        Play<2, 2>(BothWays(Rest::kWatches)));
  Prove("exchange", "2 CPUs, 3 operations each, both sleep", MemoryModel::kSc, Play<2, 2>(BothWays(Rest::kSleeps)));
  Prove("exchange", "2 CPUs, 3 operations each, both sleep", MemoryModel::kTso, Play<2, 2>(BothWays(Rest::kSleeps)));
}

TEST(ExchangeModel, TwoOperationsAmongThreeCpus) {
  ProveEverywhere("exchange", "3 CPUs, a post to one, a line to another, all sleep", Play<3, 1>(kOneToTwo));
}

void RefuteOnHardwareAndInCpp(const char* twin, const char* broken, const Scene& scene, const Faults& faults) {
  Refute(twin, broken, MemoryModel::kTso, Verdict::kLostWakeup, Play<2, 1>(scene, faults));
  Refute(twin, broken, MemoryModel::kCpp, Verdict::kLostWakeup, Play<2, 1>(scene, faults));
}

TEST(BadExchangeModel, FenceIsNeeded) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_exchange_no_fence", "no fence before the sleep", memory, Verdict::kLostWakeup,
           Play<2, 1, NoFenceAtomics>(kOnePost));
  }
}

TEST(BadExchangeModel, PlatformMustWakeInOrder) {
  RefuteOnHardwareAndInCpp("bad_exchange_no_wake", "WakeCpu does nothing", kOnePost, {.wakes = false});
  Refute("bad_exchange_wake_overtakes", "WakeCpu does not order earlier stores before the wake-up", MemoryModel::kCpp,
         Verdict::kLostWakeup, Play<2, 1>(kOnePost, {.wakes_in_order = false}));
}

TEST(BadExchangeModel, ACpuMustNotHaltWithNews) {
  RefuteOnHardwareAndInCpp("bad_exchange_halts_with_news", "the CPU halts although PrepareSleep says no", kOnePost,
                           {.halts_with_news = true});
}

// Who steps for ever has nothing but the bell; who watches is woken by nothing else.
TEST(BadExchangeModel, ARingMustBeStored) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_exchange_silent_bell", "Ring stores nothing", memory, Verdict::kLostWakeup,
           Play<2, 1, SilentAtomics>({{{{Post(1)}}, {{}, Rest::kSteps}}}));
    Refute("bad_exchange_silent_bell", "Ring stores nothing, to a CPU that watches", memory, Verdict::kLostWakeup,
           Play<2, 1, SilentAtomics>(kPostToWatcher));
  }
}

// One memory order of the product's class weakened, in words of one kind.
template <size_t Cpus, size_t Lines>
Setup Weakened(const Scene& scene, const char* words, Weaken what) {
  return [=](Model& model) {
    Play<Cpus, Lines>(scene)(model);
    model.WeakenOrderOf(words, what);
  };
}

TEST(BadExchangeModel, EveryOrderIsNeeded) {
  struct Twin {
    const char* name;
    const char* broken;
    const char* words;
    Weaken what;
    Scene scene;
    Verdict verdict;
  };
  const Scene kToStepper = {{{{Post(1)}}, {{}, Rest::kSteps}}};
  const Scene kTwoLinesToStepper = {{{{Line(1), Line(1)}, Rest::kSteps}, {{}, Rest::kSteps}}};
  for (const Twin& twin : {
           Twin{"bad_exchange_put_relaxed", "slot: release -> relaxed", "slot", Weaken::kReleaseToRelaxed, kOnePost,
                Verdict::kDataRace},
           Twin{"bad_exchange_take_relaxed", "slot: acquire -> relaxed", "slot", Weaken::kAcquireToRelaxed, kOnePost,
                Verdict::kDataRace},
           Twin{"bad_exchange_publish_relaxed", "line: release -> relaxed", "line", Weaken::kReleaseToRelaxed, kOneLine,
                Verdict::kDataRace},
           Twin{"bad_exchange_line_relaxed", "line: acquire -> relaxed", "line", Weaken::kAcquireToRelaxed, kOneLine,
                Verdict::kDataRace},
           Twin{"bad_exchange_credit_release", "credit: release -> relaxed", "credit", Weaken::kReleaseToRelaxed,
                kTwoLinesToStepper, Verdict::kDataRace},
           Twin{"bad_exchange_credit_acquire", "credit: acquire -> relaxed", "credit", Weaken::kAcquireToRelaxed,
                kTwoLinesToStepper, Verdict::kDataRace},
           Twin{"bad_exchange_ring_relaxed", "bell: release -> relaxed", "bell", Weaken::kReleaseToRelaxed, kToStepper,
                Verdict::kLostWakeup},
           Twin{"bad_exchange_look_relaxed", "bell: acquire -> relaxed", "bell", Weaken::kAcquireToRelaxed, kToStepper,
                Verdict::kLostWakeup},
       }) {
    Refute(twin.name, twin.broken, MemoryModel::kCpp, twin.verdict, Weakened<2, 1>(twin.scene, twin.words, twin.what));
  }
}

}  // namespace
}  // namespace toro::model
