// LocalApic: the interrupt controller and timer of one CPU [sdm3 11], by MMIO (xAPIC) or by MSR (x2APIC).
//
// MEMORY ORDER. A wake-up must not overtake the stores that it announces. The MMIO registers are uncached, and a store
// to them is ordered after all earlier stores [sdm3 12.2.3]; WRMSR to the x2APIC is not, and needs MFENCE; LFENCE
// before it [sdm3 11.12.3]. The Registers parameter does that in its WriteCommand64.
//
// COST. One interrupt: two MMIO writes and one read, or one MSR write.
#ifndef DRIVERS_APIC_LOCAL_APIC_H_
#define DRIVERS_APIC_LOCAL_APIC_H_

#include <cstdint>

namespace toro::apic {

// Offsets of the xAPIC's registers; the x2APIC's MSR is 0x800 + offset / 16 [sdm3 11.4.1] [sdm3 11.12.1.2].
enum Register : uint32_t {
  kId = 0x020,
  kTaskPriority = 0x080,
  kEndOfInterrupt = 0x0b0,
  kSpuriousVector = 0x0f0,
  kCommandLow = 0x300,
  kCommandHigh = 0x310,
  kTimerEntry = 0x320,
  kLint0Entry = 0x350,
  kLint1Entry = 0x360,
  kErrorEntry = 0x370,
  kTimerInitialCount = 0x380,
  kTimerCurrentCount = 0x390,
  kTimerDivide = 0x3e0,
};

// Bits of the interrupt command register [sdm3 11.6.1].
inline constexpr uint32_t kFixed = 0x0 << 8;
inline constexpr uint32_t kNonMaskable = 0x4 << 8;
inline constexpr uint32_t kInit = 0x5 << 8;
inline constexpr uint32_t kStartUp = 0x6 << 8;
inline constexpr uint32_t kDeliveryPending = 1 << 12;
inline constexpr uint32_t kAssert = 1 << 14;
inline constexpr uint32_t kSelf = 1 << 18;
inline constexpr uint32_t kAllButSelf = 3 << 18;

inline constexpr uint32_t kMasked = 1 << 16;
inline constexpr uint32_t kDeadlineMode = 2 << 17;
inline constexpr uint32_t kSoftwareEnable = 1 << 8;
inline constexpr uint32_t kDivideByOne = 0xb;

// Registers: `bool is_x2apic()`, `uint32_t Read(Register)`, `void Write(Register, uint32_t)`,
// `void WriteCommand64(uint64_t)` (x2APIC only; ordered after all earlier stores).
template <typename Registers>
class LocalApic {
 public:
  // Polls for an earlier interrupt to leave; far more than any machine needs.
  static constexpr uint32_t kMostPolls = 1'000'000;

  constexpr explicit LocalApic(Registers registers) : registers_(registers) {}

  // Takes all interrupts and masks every local source.
  void Enable(uint8_t spurious_vector) {
    registers_.Write(kSpuriousVector, kSoftwareEnable | spurious_vector);
    registers_.Write(kTaskPriority, 0);
    registers_.Write(kLint0Entry, kMasked);
    registers_.Write(kTimerEntry, kMasked);
    registers_.Write(kTimerDivide, kDivideByOne);
  }

  uint32_t TimerCount() { return registers_.Read(kTimerCurrentCount); }

  // From now on ArmTimer interrupts with `vector`.
  void UseOneShotTimer(uint8_t vector) { registers_.Write(kTimerEntry, vector); }
  void ArmTimer(uint32_t count) { registers_.Write(kTimerInitialCount, count); }

  // From now on the IA32_TSC_DEADLINE register interrupts with `vector`.
  void UseDeadlineTimer(uint8_t vector) { registers_.Write(kTimerEntry, kDeadlineMode | vector); }

  void SendFixed(uint32_t apic_id, uint8_t vector) { Send(apic_id, kFixed | kAssert | vector); }
  // The destination is in the command, so this may come between the two halves of another Send.
  void SendFixedToSelf(uint8_t vector) {
    uint32_t command = kFixed | kAssert | kSelf | vector;
    if (registers_.is_x2apic()) {
      registers_.WriteCommand64(command);
    } else {
      registers_.Write(kCommandLow, command);
    }
  }
  void SendInit(uint32_t apic_id) { Send(apic_id, kInit | kAssert); }
  // The CPU starts in real mode at physical page `page` (below 256).
  void SendStartUp(uint32_t apic_id, uint8_t page) { Send(apic_id, kStartUp | kAssert | page); }
  // From an interrupt, too: another Send that it came between finds the registers as it left them.
  void SendNonMaskable(uint32_t apic_id) {
    const uint32_t high = registers_.is_x2apic() ? 0 : registers_.Read(kCommandHigh);
    Send(apic_id, kNonMaskable | kAssert);
    if (registers_.is_x2apic()) return;
    AwaitDelivery();
    registers_.Write(kCommandHigh, high);
  }
  void SendNonMaskableToOthers() { Send(0, kNonMaskable | kAssert | kAllButSelf); }

 private:
  void Send(uint32_t apic_id, uint32_t command) {
    if (registers_.is_x2apic()) {
      registers_.WriteCommand64(uint64_t{apic_id} << 32 | command);
      return;
    }
    AwaitDelivery();
    registers_.Write(kCommandHigh, apic_id << 24);
    registers_.Write(kCommandLow, command);
  }

  void AwaitDelivery() {
    for (uint32_t poll = 0; poll < kMostPolls && (registers_.Read(kCommandLow) & kDeliveryPending); ++poll) {
    }
  }

  Registers registers_;
};

}  // namespace toro::apic

#endif  // DRIVERS_APIC_LOCAL_APIC_H_
