// The proofs of Exchange, and its twins (exchange_scenes.h).
#include "tests/models/exchange_scenes.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

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
