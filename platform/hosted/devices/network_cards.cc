// DedicateNic in the hosted world: the same driver as on the bare machine, on a model of the card, whose wire leads out
// of the process.
#include <new>

#include "core/base/units.h"
#include "core/device/dedicate_nic.h"
#include "core/kernel/allocation.h"
#include "core/kernel/dma.h"
#include "core/machine/machine.h"
#include "drivers/e1000/e1000.h"
#include "drivers/e1000/model/card_model.h"
#include "platform/hosted/devices/wire.h"
#include "platform/hosted/executor.h"

namespace toro {
namespace hosted {
namespace {

constexpr size_t kMostCards = 8;

// What StartNetwork prepared, one per --nic.
struct Slot {
  Wire wire;
  e1000::Kind kind = e1000::Kind::k82540Em;
  std::atomic<bool> taken{false};
};
Slot slots[kMostCards];
size_t slot_count = 0;

// A card and its driver, in the partition of its owner. Everything happens on that CPU: what has come by the wire
// arrives at the card when the owner looks.
class HostedCard final : public Nic, public e1000::CardSurroundings {
 public:
  HostedCard(size_t index, Slot& slot, PacketPool& pool, const DmaBuffer& rings)
      : owner_(Scheduler::Current().id()),
        slot_(slot),
        card_(slot.kind == e1000::Kind::k82540Em ? e1000::CardModel::Card::k82540Em : e1000::CardModel::Card::k82574L,
              {0x52, 0x54, 0x00, 0x12, 0x34, static_cast<uint8_t>(0x56 + index)}, *this),
        driver_(slot.kind, card_, frames_, other_, pool, {rings.address, rings.physical}) {
    if (slot.kind == e1000::Kind::k82540Em) frames_.acknowledge = &read_by_the_entry_;
  }

  Status Start() {
    Status status = driver_.Stop();
    if (status == Status::kOk) driver_.Start();
    return status;
  }

  // ---- Nic ----
  const NicDescription& description() const override { return driver_.description(); }
  size_t Receive(std::span<PacketPtr> burst) override {
    TakeFromWire(burst.size());
    return driver_.Receive(burst);
  }
  size_t Send(std::span<PacketPtr> burst) override { return driver_.Send(burst); }
  void Flush() override { driver_.Flush(); }
  void ArmInterrupt() override {
    driver_.ArmInterrupt();
    slot_.wire.WakeOnFrame(owner_);
  }
  void Watch(uint64_t now_ns) override { driver_.Watch(now_ns); }
  bool link_up() const override { return driver_.link_up(); }
  const NicStatistics& statistics() const override { return driver_.statistics(); }

  // ---- what is around the card ----
  unsigned char* MemoryAt(uint64_t physical, size_t bytes) override {
    if (physical < kSimulatedMemory || bytes == 0) return nullptr;
    auto* memory = reinterpret_cast<unsigned char*>(physical - kSimulatedMemory + memory_begin);
    return InPartition(memory) && InPartition(memory + bytes - 1) ? memory : nullptr;
  }
  // As the interrupt entry of the bare machine does: the cause register is read.
  void SetInterruptWire(bool asserted) override {
    if (!asserted) return;
    frames_.count = frames_.count + 1;
    frames_.causes = frames_.causes | card_.Read32(kCauseRegister);
  }
  void SendInterruptMessage(uint32_t number) override {
    InterruptLine& line = number == 0 ? frames_ : other_;
    line.count = line.count + 1;
  }
  void TransmitFrame(const unsigned char* frame, size_t bytes) override { slot_.wire.Write(frame, bytes); }

 private:
  static constexpr uint32_t kCauseRegister = 0x00c0;

  // What does not find room stays on the wire.
  void TakeFromWire(size_t most) {
    card_.SetTime(Machine::NowNs());
    for (size_t i = 0; i < most && card_.HasRoom(); ++i) {
      size_t bytes = slot_.wire.Read(frame_, sizeof frame_);
      if (bytes == 0) return;
      (void)card_.ReceiveFrame(frame_, bytes);
    }
  }

  const CpuId owner_;
  Slot& slot_;
  const uint32_t read_by_the_entry_ = 0;
  InterruptLine frames_;
  InterruptLine other_;
  e1000::CardModel card_;
  e1000::E1000 driver_;
  unsigned char frame_[Wire::kMostFrameBytes];
};

Nic* Fail(NicProblem& problem, size_t index, std::string_view why) {
  problem.Add("network card ");
  problem.AddNumber(index);
  problem.Add(" cannot be used: ");
  problem.Add(why);
  return nullptr;
}

}  // namespace

std::string StartNetwork(const NetworkOptions& options) {
  if (options.cards.size() > kMostCards) return "more than 8 times --nic: leave some out";
  for (const std::string& card : options.cards) {
    Slot& slot = slots[slot_count];
    slot.kind = card == "e1000" ? e1000::Kind::k82540Em : e1000::Kind::k82574L;
    const bool is_first = slot_count == 0;
    std::string problem = is_first && !options.tap.empty() ? slot.wire.ConnectTap(options.tap)
                          : is_first && !options.wire_here.empty()
                              ? slot.wire.ConnectSockets(options.wire_here, options.wire_there)
                              : slot.wire.ConnectUserNetwork(options, is_first);
    if (!problem.empty()) return problem;
    ++slot_count;
  }
  // The watchers last: a process is forked before there is a second thread.
  for (size_t i = 0; i < slot_count; ++i) {
    if (std::string problem = slots[i].wire.StartWatcher(); !problem.empty()) return problem;
  }
  return "";
}

}  // namespace hosted

Nic* DedicateNic(size_t index, PacketPool& pool, NicProblem& problem) {
  using namespace hosted;
  problem = {};
  if (index >= slot_count) {
    if (slot_count == 0) {
      problem.Add("this machine has no network card; add one: ./toro run APP --nic=e1000");
      return nullptr;
    }
    problem.Add("there is no network card ");
    problem.AddNumber(index);
    problem.Add("; this machine has ");
    problem.AddNumber(slot_count);
    problem.Add(", counted from 0");
    return nullptr;
  }
  if (slots[index].taken.exchange(true))
    return Fail(problem, index, "it belongs to a CPU already; each card has one owner");
  auto rings = AllocateDma(e1000::kRingBytes, {.align_bytes = kPageBytes});
  void* place = rings.ok() ? AllocateAlignedBytes(sizeof(HostedCard), alignof(HostedCard)) : nullptr;
  if (place == nullptr) return Fail(problem, index, "its CPU has no memory left for it");
  auto* card = new (place) HostedCard(index, slots[index], pool, rings.value());
  if (card->Start() != Status::kOk) return Fail(problem, index, "it does not start");
  return card;
}

}  // namespace toro
