#include "drivers/e1000/e1000.h"

#include "core/base/units.h"

namespace toro::e1000 {
namespace {

// A reset takes a microsecond [e1000 14.5.1], an outstanding master request some more; each read takes 100 ns at least.
constexpr uint32_t kMostPolls = 100'000;

// Between two interrupts of the 82540EM: 64 us.
constexpr Bits<InterruptInterval> kInterval{250};

// A card that has not reported a frame for so long, though its link is up, is reset.
constexpr uint64_t kStuckNs = 2 * kNsPerSecond;

using Cause = InterruptCause;
using Enable = InterruptEnable;

}  // namespace

bool KindOf(uint16_t device_id, Kind& kind) {
  switch (device_id) {
    case 0x100e: kind = Kind::k82540Em; return true;
    case 0x10d3: kind = Kind::k82574L; return true;
    default: return false;
  }
}

E1000::E1000(Kind kind, reg::RegisterWindow& window, InterruptLine& frames, InterruptLine& other, PacketPool& pool,
             const RingMemory& memory)
    : kind_(kind),
      registers_(window),
      frames_(frames),
      other_(other),
      memory_(memory),
      receive_(static_cast<ReceiveDescriptor*>(memory.address), pool),
      send_(reinterpret_cast<SendDescriptor*>(static_cast<char*>(memory.address) +
                                              ReceiveRing::kSize * sizeof(ReceiveDescriptor))) {
  description_.name = kind == Kind::k82540Em ? "e1000 (82540EM)" : "e1000e (82574L)";
  description_.fills_checksums = true;
}

E1000::~E1000() { (void)ResetDevice(); }

// ---- start and reset [e1000 14] [i82574 4.6] ----

bool E1000::ResetDevice() {
  registers_.Write(InterruptDisable::kAll);
  registers_.Write(Bits<ReceiveControl>{});
  registers_.Write(Bits<SendControl>{});
  auto control = registers_.Read<Control>();
  if (by_message()) {
    // Requests that are under way would be answered into memory that is somebody else's by then.
    registers_.Write(control | Control::kMasterDisable);
    constexpr Bits<DeviceStatus> kMasterActive{Bit(19)};
    for (uint32_t poll = 0; poll < kMostPolls && registers_.Read<DeviceStatus>().Has(kMasterActive); ++poll) continue;
  }
  registers_.Write(control | Control::kReset);
  for (uint32_t poll = 0; registers_.Read<Control>().Has(Control::kReset); ++poll) {
    if (poll == kMostPolls) return false;
  }
  // The reset has enabled nothing, but for what an emulation leaves as it was.
  registers_.Write(InterruptDisable::kAll);
  registers_.Read<Cause>();
  enabled_ = {};
  return registers_.Read<DeviceStatus>() != DeviceStatus::kGone;
}

Status E1000::Stop() {
  if (registers_.Read<DeviceStatus>() == DeviceStatus::kGone || !ResetDevice()) return Status::kNotSupported;
  uint32_t low = registers_.Read<AddressLow>().value;
  auto high = registers_.Read<AddressHigh>();
  MacAddress& mac = description_.mac;
  for (size_t i = 0; i < 4; ++i) mac[i] = static_cast<uint8_t>(low >> 8 * i);
  for (size_t i = 0; i < 2; ++i) mac[4 + i] = static_cast<uint8_t>(high.value >> 8 * i);
  const bool is_one_card = high.Has(AddressHigh::kValid) && (mac[0] & 1) == 0 && mac != MacAddress{};
  return is_one_card ? Status::kOk : Status::kNotSupported;
}

void E1000::Start() {
  auto control = registers_.Read<Control>();
  control = control.Without(Control::kMasterDisable | Control::kLinkReset | Control::kInvertLossOfSignal |
                            Control::kForceSpeed | Control::kForceDuplex | Control::kVlanMode | Control::kPhyReset);
  registers_.Write(control | Control::kFullDuplex | Control::kAutoSpeed | Control::kSetLinkUp);
  for (uint32_t i = 0; i < kMulticastWords; ++i) registers_.WriteAt(i, Bits<MulticastTable>{});
  StartSender();
  StartReceiver();
  StartInterrupts();
  LookAtLink();
}

void E1000::StartReceiver() {
  receive_.Restart();
  registers_.Write(Bits<ReceiveBaseLow>{static_cast<uint32_t>(memory_.physical)});
  registers_.Write(Bits<ReceiveBaseHigh>{static_cast<uint32_t>(memory_.physical >> 32)});
  registers_.Write(Bits<ReceiveBytes>{ReceiveRing::kSize * sizeof(ReceiveDescriptor)});
  registers_.Write(Bits<ReceiveHead>{0});
  registers_.Write(Bits<ReceiveTail>{0});
  registers_.Write(Bits<ReceiveDelay>{0});
  registers_.Write(Bits<ReceiveAbsoluteDelay>{0});
  registers_.Write(ReceiveChecksum::kIpAndTransport);
  registers_.Write(ReceiveControl::kEnable | ReceiveControl::kBroadcast | ReceiveControl::kBuffersOf2048 |
                   ReceiveControl::kStripChecksum);
  registers_.Write(Bits<ReceiveTail>{receive_.PublishAll()});
}

void E1000::StartSender() {
  send_.Restart();
  uint64_t physical = memory_.physical + ReceiveRing::kSize * sizeof(ReceiveDescriptor);
  registers_.Write(Bits<SendBaseLow>{static_cast<uint32_t>(physical)});
  registers_.Write(Bits<SendBaseHigh>{static_cast<uint32_t>(physical >> 32)});
  registers_.Write(Bits<SendBytes>{SendRing::kSize * sizeof(SendDescriptor)});
  registers_.Write(Bits<SendHead>{0});
  registers_.Write(Bits<SendTail>{0});
  registers_.Write(Bits<SendDelay>{0});
  if (by_message()) registers_.Write(SendDescriptorControl::kOneByOne | SendDescriptorControl::kMustBeSet);
  registers_.Write(SendGap::kCopper);
  registers_.Write(SendControl::kEnable | SendControl::kPadShortFrames | SendControl::kCollisions);
}

void E1000::StartInterrupts() {
  if (by_message()) {
    registers_.Write(InterruptVectors::Of(0, 0, 1));
    registers_.WriteAt(0, Bits<MessageInterval>{0});
    registers_.WriteAt(1, Bits<MessageInterval>{0});
    registers_.Write(InterruptAutoClear::kReceiveQueue | InterruptAutoClear::kSendQueue);
    registers_.Write(InterruptAutoMask::kReceiveQueue | InterruptAutoMask::kSendQueue);
    auto extended = registers_.Read<ControlExtended>();
    registers_.Write(extended | ControlExtended::kAutoMaskByMessage | ControlExtended::kPbaSupport);
  } else {
    registers_.Write(kInterval);
  }
  frames_seen_ = frames_.count;
  other_seen_ = other_.count;
  enabled_ = Wanted();
  registers_.Write(enabled_);
}

Bits<Enable> E1000::Wanted() const {
  Bits<Enable> wanted = Enable::kLinkChanged;
  wanted = wanted | (by_message() ? Enable::kOther | Enable::kReceiveQueue
                                  : Enable::kReceived | Enable::kFewDescriptors | Enable::kOverrun);
  if (send_.waits_for_room()) wanted = wanted | (by_message() ? Enable::kSendQueue : Enable::kSent);
  return wanted;
}

// ---- frames ----

size_t E1000::Receive(std::span<PacketPtr> burst) {
  LookForNews();
  size_t count = receive_.Receive(burst, statistics_);
  send_.Reclaim();
  uint32_t tail;
  if (receive_.TailIsDue(tail)) registers_.Write(Bits<ReceiveTail>{tail});
  // It interrupted again while the owner works (see WHY).
  if (!by_message() && count > 0 && enabled_.value != 0 && frames_.count - frames_seen_ >= 2) {
    registers_.Write(InterruptDisable::kAll);
    enabled_ = {};
  }
  return count;
}

size_t E1000::Send(std::span<PacketPtr> burst) { return send_.Send(burst, statistics_); }

void E1000::Flush() {
  uint32_t tail;
  if (send_.TailIsDue(tail)) registers_.Write(Bits<SendTail>{tail});
}

void E1000::ArmInterrupt() {
  Bits<Enable> wanted = Wanted();
  // Of before the card is armed: it may interrupt at once.
  const uint32_t seen = frames_.count;
  if (by_message()) {
    // The message has masked what it was about. What has happened meanwhile is still in the cause register, and
    // interrupts at once.
    if (seen == frames_seen_ && wanted == enabled_) return;
    registers_.Write(wanted);
  } else if (wanted != enabled_) {
    if (enabled_.HasAny(enabled_.Without(wanted))) {
      registers_.Write(Bits<InterruptDisable>{enabled_.Without(wanted).value});
    }
    registers_.Write(wanted);
  }
  frames_seen_ = seen;
  enabled_ = wanted;
}

// ---- link and health ----

void E1000::LookForNews() {
  if (by_message() ? other_.count == other_seen_ : !Bits<Cause>{frames_.causes}.Has(Cause::kLinkChanged)) return;
  other_seen_ = other_.count;
  frames_.causes = 0;
  if (by_message()) registers_.Write(Cause::kLinkChanged | Cause::kOther);  // ones clear [i82574 10.2]
  LookAtLink();
}

void E1000::LookAtLink() {
  auto status = registers_.Read<DeviceStatus>();
  bool up = status != DeviceStatus::kGone && status.Has(DeviceStatus::kLinkUp);
  if (up != link_up_) ++statistics_.link_changes;
  link_up_ = up;
}

void E1000::Watch(uint64_t now_ns) {
  LookAtLink();
  statistics_.dropped_no_buffer += registers_.Read<MissedFrames>().value;
  CheckProgress(now_ns);
}

void E1000::CheckProgress(uint64_t now_ns) {
  send_.Reclaim();
  const bool is_stuck = send_.is_sending() && send_.reported() == watched_reports_ && link_up_;
  watched_reports_ = send_.reported();
  if (!is_stuck || stuck_since_ns_ == kNever) {
    stuck_since_ns_ = is_stuck ? now_ns : kNever;
    return;
  }
  if (now_ns - stuck_since_ns_ < kStuckNs) return;
  stuck_since_ns_ = kNever;
  ++statistics_.resets;
  if (ResetDevice()) Start();
}

const NicStatistics& E1000::statistics() const {
  statistics_.interrupts = frames_.count + other_.count;
  statistics_.register_accesses = registers_.accesses() + (frames_.acknowledge != nullptr ? frames_.count : 0);
  return statistics_;
}

}  // namespace toro::e1000
