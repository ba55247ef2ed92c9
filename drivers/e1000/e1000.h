// E1000: Intel's 82540EM and 82574L as a Nic.
//
// WHY the two kinds differ here. The 82540EM interrupts by a wire: the interrupt reads the cause register, which takes
// it back, and the card may interrupt again as soon as its interval allows. Only when that happens while the owner
// works is the card told to be silent, and told again when the owner rests: two accesses per spell of load, none
// otherwise. The 82574L interrupts by messages, of which the card sends one and masks itself: no access in the
// interrupt, one to arm it again [i82574 7.4].
//
// INVARIANTS
//   I1. Per burst at most two accesses to registers (nic.h, I3): the buffers' tail is due once per 32 frames, the
//       interrupt costs one.
//   I2. After ArmInterrupt, whatever happened since Receive last found nothing has raised an interrupt or raises one.
//   I3. Every wait for the device is bounded; a card that does not answer is a status, never a hang.
#ifndef DRIVERS_E1000_E1000_H_
#define DRIVERS_E1000_E1000_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/device/interrupt_line.h"
#include "core/device/nic.h"
#include "drivers/e1000/receive_ring.h"
#include "drivers/e1000/registers.h"
#include "drivers/e1000/send_ring.h"

namespace toro::e1000 {

enum class Kind : uint8_t { k82540Em, k82574L };

inline constexpr uint16_t kIntel = 0x8086;
// The kind of an Intel device, or false.
bool KindOf(uint16_t device_id, Kind& kind);

// Where the card's rings lie: kRingBytes, aligned to a page, as the device sees them at `physical`.
struct RingMemory {
  void* address = nullptr;
  uint64_t physical = 0;
};
inline constexpr size_t kRingBytes = (ReceiveRing::kSize + SendRing::kSize) * 16;

class E1000 final : public Nic {
 public:
  // The 82574L sends what concerns frames as message 0, which counts in `frames`, and the rest as message 1, in
  // `other`. The 82540EM's wire counts in `frames`.
  E1000(Kind kind, reg::RegisterWindow& window, InterruptLine& frames, InterruptLine& other, PacketPool& pool,
        const RingMemory& memory);
  // The card has been told to stop.
  ~E1000() override;

  // Stops whatever the card was doing and learns its address. Before it may be a bus master. kNotSupported: it does not
  // answer, does not come out of its reset, or has no address of its own.
  Status Stop();

  // From now on it sends and receives. After Stop, when its interrupts can arrive.
  void Start();

  const NicDescription& description() const override { return description_; }
  size_t Receive(std::span<PacketPtr> burst) override;
  size_t Send(std::span<PacketPtr> burst) override;
  void Flush() override;
  void ArmInterrupt() override;
  void Watch(uint64_t now_ns) override;
  bool link_up() const override { return link_up_; }
  const NicStatistics& statistics() const override;

 private:
  bool by_message() const { return kind_ == Kind::k82574L; }
  bool ResetDevice();
  void StartReceiver();
  void StartSender();
  void StartInterrupts();
  Bits<InterruptEnable> Wanted() const;
  void LookAtLink();
  void LookForNews();
  void CheckProgress(uint64_t now_ns);

  const Kind kind_;
  reg::TypedRegisters registers_;
  InterruptLine& frames_;
  InterruptLine& other_;
  const RingMemory memory_;
  ReceiveRing receive_;
  SendRing send_;
  NicDescription description_;
  mutable NicStatistics statistics_;

  bool link_up_ = false;
  Bits<InterruptEnable> enabled_;  // what the card may interrupt for, as far as we told it
  uint32_t frames_seen_ = 0;       // of frames_.count, at the last ArmInterrupt
  uint32_t other_seen_ = 0;
  uint64_t watched_reports_ = 0;      // CheckProgress: send_.reported() as it was
  uint64_t stuck_since_ns_ = kNever;  // since when it has not changed, though it should
};

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_E1000_H_
