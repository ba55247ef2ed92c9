// Foreign frees, the product's own ReturnPath (core/kernel/return_path.h) on the product's own Exchange, in every
// order.
//
// Each CPU writes into objects of another and frees them; the owner gets them back, and writes into them at once, as
// the next one who allocates them does. So an object that comes home too early, twice, or never, is a race, a false
// claim, or a wait for ever. The channel has one line, so that most frees find it full and wait in chunks of one object
// (I1).
#include "core/kernel/return_path_work.h"

#include "tests/models/model_exchange.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

constexpr size_t kMostFrees = 3;

struct Object {
  ModelAtomics::Plain<uint64_t> content;
};

// What a twin leaves out or moves.
struct Protocol {
  bool retries_before_sleep = true;  // Cpu::Sleep: no halt while something waits
  bool retries = true;               // Cpu::Step
  bool touches_after_free = false;
};

struct Scene {
  int frees[kModelCpus][kModelCpus] = {};  // [by][of]
  bool turn_after_each = false;            // what is packed leaves before the next free
  int chunks = 0;                          // so many the partition has; then there is the reserve
};

// As much of a partition as a return path needs: chunks to remember objects in.
class ModelPartition {
 public:
  explicit ModelPartition(int chunks) : chunks_(chunks) {}

  void* Allocate(size_t) { return used_ < chunks_ ? memory_[used_++] : nullptr; }
  void Free(void*) { --used_; }  // the last that was taken
  void FreeReturned(void* object) {
    // The next owner may write at once.
    auto& content = static_cast<Object*>(object)->content;
    Expect(content.Get() == 1, "an object comes home once, with what was written before it was freed");
    content.Set(2);
  }

 private:
  alignas(16) unsigned char memory_[kMostFrees][32];
  int chunks_;
  int used_ = 0;
};

template <typename Cpu>
struct ModelReturns {
  using Exchange = typename Cpu::Exchange;
  using Partition = ModelPartition;
  static constexpr size_t kLines = 1;
  static constexpr size_t kChunkObjects = 1;
  static constexpr size_t kReserveObjects = kMostFrees;
  static void YieldForRoom() { Expect(false, "the reserve is large enough"); }
  static void PrefetchForWrite(const void*) {}
};

template <size_t Cpus>
class FreeingCpu : public ModelExchangeCpu<FreeingCpu<Cpus>, Cpus, 1> {
 public:
  using Base = ModelExchangeCpu<FreeingCpu, Cpus, 1>;
  using Objects = Object[Cpus][Cpus][kMostFrees];  // [owner][by]

  FreeingCpu(typename Base::Machine& machine, Objects& objects, size_t self, const Scene& scene,
             const Protocol& protocol)
      : Base(machine, self, false, Faults{}),
        objects_(objects),
        scene_(scene),
        protocol_(protocol),
        self_(self),
        partition_(scene.chunks),
        returns_(this->exchange(), partition_) {
    for (size_t by = 0; by < Cpus; ++by) expected_ += static_cast<size_t>(scene.frees[by][self]);
  }

  ModelPartition& partition() { return partition_; }
  auto& return_path() { return returns_; }

  void Run() {
    for (size_t owner = 0; owner < Cpus; ++owner) {
      for (int i = 0; i < scene_.frees[self_][owner]; ++i) {
        Object& object = objects_[owner][self_][i];
        object.content.Set(1);
        returns_.Give(CpuId{owner}, &object);
        if (scene_.turn_after_each) Step();
        if (protocol_.touches_after_free) object.content.Set(1);
      }
    }
    for (;;) {
      this->Settle(0);
      Step();
      this->Settle(1);
      bool done = returns_.counters().returned == expected_ && !returns_.waiting();
      if (returns_.waiting() && protocol_.retries_before_sleep) {
        this->AwaitTurn(protocol_.retries);
      } else if (this->Sleep(done)) {
        return;
      }
    }
  }

 private:
  void Step() {
    this->exchange().Work();
    returns_.FreeArrived();  // the product's does it at the begin of the next step
    if (returns_.waiting() && protocol_.retries) returns_.Retry();
  }

  Objects& objects_;
  const Scene scene_;
  const Protocol protocol_;
  size_t self_;
  size_t expected_ = 0;
  ModelPartition partition_;
  BasicReturnPath<ModelReturns<FreeingCpu>> returns_;
};

template <size_t Cpus>
Setup Play(const Scene& scene, const Protocol& protocol = {}) {
  using Actor = FreeingCpu<Cpus>;
  struct Heap {
    typename Actor::Objects objects;
  };
  return [=](Model& model) {
    auto& machine = model.Make<typename Actor::Machine>("machine");
    auto& heap = model.Make<Heap>("objects");
    bool sends[kModelCpus][kModelCpus] = {};
    for (size_t by = 0; by < Cpus; ++by) {
      for (size_t of = 0; of < Cpus; ++of) {
        sends[by][of] = scene.frees[by][of] != 0;
        for (Object& object : heap.objects[of][by]) {
          model.Name(object, {"object", static_cast<int>(of), static_cast<int>(by)});
        }
      }
    }
    machine.Wire(model, sends);
    for (size_t cpu = 0; cpu < Cpus; ++cpu) {
      model.Thread({"cpu", static_cast<int>(cpu)}, [&machine, &heap, cpu, scene, protocol] {
        Actor::RunAlone(machine, heap.objects, cpu, scene, protocol);
      });
    }
  };
}

constexpr Scene kThreeAtOnce = {{{}, {3}, {}}, false, 3};
constexpr Scene kThreeByTurns = {{{}, {3}, {}}, true, 3};
constexpr Scene kThreeWithoutMemory = {{{}, {3}, {}}, true, 0};
constexpr Scene kBothWays = {{{0, 2}, {2}, {}}, false, 3};
constexpr Scene kTwoByTurns = {{{}, {2}, {}}, true, 3};
constexpr Scene kTwoToOne = {{{}, {2}, {2}}, false, 3};

TEST(ReturnPathModel, EveryObjectComesHomeOnceAndIsFree) {
  ProveEverywhere("foreign free", "2 CPUs, 3 objects at once", Play<2>(kThreeAtOnce));
  ProveEverywhere("foreign free", "2 CPUs, 3 objects, each finds the channel full", Play<2>(kThreeByTurns));
  Prove("foreign free", "2 CPUs, the same, by the reserve", MemoryModel::kCpp, Play<2>(kThreeWithoutMemory));
  ProveEverywhere("foreign free", "2 CPUs, 2 objects each way", Play<2>(kBothWays));
}

TEST(ReturnPathModel, TwoCpusFreeObjectsOfAThird) {
  Prove("foreign free", "3 CPUs, 2 objects of one freed by each of the others", MemoryModel::kSc, Play<3>(kTwoToOne));
}

TEST(BadReturnPathModel, WhoHasObjectsWaitingMustNotSleepAndMustRetry) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_return_sleeps", "the CPU sleeps while objects wait for room", memory, Verdict::kLostWakeup,
           Play<2>(kTwoByTurns, {.retries_before_sleep = false}));
    Refute("bad_return_no_retry", "no Retry in the step", memory, Verdict::kLostWakeup,
           Play<2>(kTwoByTurns, {.retries = false}));
  }
}

TEST(BadReturnPathModel, AFreedObjectBelongsToItsOwner) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_return_late_touch", "the object is written after it has left", memory, Verdict::kDataRace,
           Play<2>(kTwoByTurns, {.touches_after_free = true}));
  }
}

TEST(BadReturnPathModel, TheLineCarriesTheOwnershipOfTheObjects) {
  struct Twin {
    const char* name;
    const char* broken;
    Weaken what;
  };
  for (const Twin& twin : {Twin{"bad_return_publish_relaxed", "line: release -> relaxed", Weaken::kReleaseToRelaxed},
                           Twin{"bad_return_take_relaxed", "line: acquire -> relaxed", Weaken::kAcquireToRelaxed}}) {
    Refute(twin.name, twin.broken, MemoryModel::kCpp, Verdict::kDataRace, [&twin](Model& model) {
      Play<2>(kTwoByTurns)(model);
      model.WeakenOrderOf("line", twin.what);
    });
  }
}

}  // namespace
}  // namespace toro::model
