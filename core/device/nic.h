// Nic: what a network card is to the stack of the CPU that owns it.
//
// WHY. A register of a device costs hundreds of nanoseconds, under a hypervisor an exit of microseconds; a descriptor
// in memory costs a cache miss. So frames pass in bursts, and only what ends a burst may touch a register: the stack
// takes what has come, answers, and flushes once.
//
// INVARIANTS
//   I1. One CPU, the owner, calls; in thread or message context, never from two places at once. Nothing here blocks.
//   I2. Packets change owners with the call: Receive gives them away, Send takes those that it reports as taken.
//   I3. Receive accesses at most one register, Flush at most one, Send none.
//   I4. What the device says is not believed: no length beyond the buffer, no descriptor that was not given to it, and
//       a frame with an error bit is dropped and counted.
//
// HOW THE STACK USES IT. While there is something to do it polls and the card is silent:
//
//     while (Receive(burst) > 0) { handle, which calls Send; Flush(); }
//     ArmInterrupt(), and wait for it, a timer or the application.
#ifndef CORE_DEVICE_NIC_H_
#define CORE_DEVICE_NIC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device/packet.h"

namespace toro {

using MacAddress = std::array<uint8_t, 6>;

// How many frames the stack asks for at a time.
inline constexpr size_t kNicBurst = 32;

struct NicDescription {
  const char* name = "";  // the driver's: "e1000"
  MacAddress mac = {};
  uint16_t mtu = 1500;           // bytes that follow the Ethernet header; at least 576
  bool fills_checksums = false;  // honours Packet::checksum_field
};

// Since boot. Frames are counted without the check sequence of Ethernet.
struct NicStatistics {
  uint64_t received_frames = 0;
  uint64_t received_bytes = 0;
  uint64_t sent_frames = 0;
  uint64_t sent_bytes = 0;
  uint64_t dropped_no_buffer = 0;  // by the device: the ring was empty
  uint64_t dropped_bad_frame = 0;  // an error bit, or a descriptor that cannot be (I4)
  uint64_t refused_sends = 0;      // packets that Send left with its caller
  uint64_t interrupts = 0;
  uint64_t link_changes = 0;
  uint64_t resets = 0;
  uint64_t register_accesses = 0;
};

class Nic {
 public:
  Nic() = default;
  Nic(const Nic&) = delete;
  Nic& operator=(const Nic&) = delete;
  virtual ~Nic() = default;

  // The same for ever.
  virtual const NicDescription& description() const = 0;

  // Moves up to burst.size() received frames, in the order of their arrival, into the first elements, which were null,
  // and returns how many. A packet is a whole frame, destination address first, without the check sequence. The driver
  // replaces them in its ring by packets of its pool; when the pool has none, the ring shrinks until a later call.
  virtual size_t Receive(std::span<PacketPtr> burst) = 0;

  // Takes the first packets of `burst`, as many as the ring has room for, and returns how many; their elements are null
  // then, the others untouched. Each is a whole frame of 14 bytes to mtu + 14; the card pads it. They need not be on
  // their way before Flush. The driver releases them when they have been sent, at a later call.
  virtual size_t Send(std::span<PacketPtr> burst) = 0;

  // What Send took goes on its way.
  virtual void Flush() = 0;

  // The next thing that happens (a frame, a change of the link, room in a ring that refused a packet) raises one
  // interrupt on the owner CPU, which ends its halt; something that happened since Receive last found nothing raises it
  // at once. After that one the card is silent until it is armed again. Arming an armed card has no effect.
  virtual void ArmInterrupt() = 0;

  // For the owner to call about once a second: looks after the link, and resets a card that does not send what it was
  // given. Frames in the rings may be lost then. May access registers.
  virtual void Watch(uint64_t now_ns) = 0;

  virtual bool link_up() const = 0;
  virtual const NicStatistics& statistics() const = 0;
};

}  // namespace toro

#endif  // CORE_DEVICE_NIC_H_
