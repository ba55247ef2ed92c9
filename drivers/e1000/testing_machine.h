// TestingMachine: memory, a wire and interrupts around a CardModel, and the driver that is tested on it.
#ifndef DRIVERS_E1000_TESTING_MACHINE_H_
#define DRIVERS_E1000_TESTING_MACHINE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "drivers/e1000/e1000.h"
#include "drivers/e1000/model/card_model.h"

namespace toro::e1000 {

inline constexpr std::array<uint8_t, 6> kTestAddress = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

// A frame of `bytes` for the card, whose contents say which one it is.
inline std::string FrameOf(size_t bytes, uint32_t number = 0) {
  std::string frame(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) frame[i] = static_cast<char>(number * 31 + i * 7);
  std::memcpy(frame.data(), kTestAddress.data(), 6);
  if (bytes >= 14) std::memcpy(frame.data() + 12, "\x88\xb5", 2);
  if (bytes >= 18) std::memcpy(frame.data() + 14, &number, 4);
  return frame;
}

class TestingMachine final : public CardSurroundings {
 public:
  explicit TestingMachine(Kind kind, size_t packets = 1024)
      : kind(kind),
        memory_(static_cast<unsigned char*>(std::aligned_alloc(4096, kMemoryBytes))),
        descriptors_(std::malloc(packets * PacketPool::kDescriptorBytes)),
        card(kind == Kind::k82540Em ? CardModel::Card::k82540Em : CardModel::Card::k82574L, kTestAddress, *this) {
    std::memset(memory_, 0xa5, kMemoryBytes);
    pool.AddMemory(memory_ + kRingRoom, kPhysical + kRingRoom, descriptors_, packets);
    if (kind == Kind::k82540Em) frames.acknowledge = &never_read_;
    driver = std::make_unique<E1000>(kind, card, frames, other, pool, RingMemory{memory_, kPhysical});
  }
  // The driver's packets are back in the pool, or the pool stops the test.
  ~TestingMachine() {
    driver.reset();
    EXPECT_EQ(card.violation(), nullptr);
    EXPECT_EQ(pool.free_count(), pool.total());
    FreeMemory();
  }

  void Start() {
    ASSERT_EQ(driver->Stop(), Status::kOk);
    driver->Start();
  }

  bool Arrive(const std::string& frame) {
    return card.ReceiveFrame(reinterpret_cast<const unsigned char*>(frame.data()), frame.size());
  }

  // What the driver has received, at most `most` frames; the packets go back.
  std::vector<std::string> Receive(size_t most = 32) {
    std::vector<PacketPtr> burst(most);
    size_t count = driver->Receive(burst);
    std::vector<std::string> received;
    for (size_t i = 0; i < count; ++i) {
      received.emplace_back(reinterpret_cast<const char*>(burst[i]->data()), burst[i]->size());
      last_verified = burst[i]->checksum_verified;
    }
    for (size_t i = count; i < most; ++i) EXPECT_EQ(burst[i], nullptr);
    return received;
  }

  PacketPtr PacketOf(const std::string& frame) {
    PacketPtr packet = pool.Allocate();
    EXPECT_NE(packet, nullptr);
    std::memcpy(packet->Append(frame.size()), frame.data(), frame.size());
    return packet;
  }
  // Whether the driver took it.
  bool Send(const std::string& frame) {
    PacketPtr packet = PacketOf(frame);
    return driver->Send({&packet, 1}) == 1;
  }
  uint32_t interrupts() const { return frames.count + other.count; }

  unsigned char* MemoryAt(uint64_t physical, size_t bytes) override {
    if (physical < kPhysical || bytes > kMemoryBytes || physical - kPhysical > kMemoryBytes - bytes) return nullptr;
    return memory_ + (physical - kPhysical);
  }
  // What the interrupt entry does: it reads the cause.
  void SetInterruptWire(bool asserted) override {
    if (!asserted) return;
    ++count_of(frames);
    frames.causes = frames.causes | card.Read32(0xc0);
  }
  void SendInterruptMessage(uint32_t number) override { ++count_of(number == 0 ? frames : other); }
  void TransmitFrame(const unsigned char* frame, size_t bytes) override {
    sent.emplace_back(reinterpret_cast<const char*>(frame), bytes);
  }

 private:
  static constexpr size_t kMemoryBytes = 4 << 20, kRingRoom = 8192;
  static constexpr uint64_t kPhysical = uint64_t{3} << 32;  // beyond 32 bits: no half of an address is lost
  static_assert(kRingBytes <= kRingRoom);

  struct Counter {
    volatile uint32_t& count;
    void operator++() { count = count + 1; }
  };
  static Counter count_of(InterruptLine& line) { return {line.count}; }
  void FreeMemory() {
    std::free(memory_);
    std::free(descriptors_);
  }

 public:
  const Kind kind;

 private:
  unsigned char* memory_;
  void* descriptors_;
  uint32_t never_read_ = 0;

 public:
  PacketPool pool;
  InterruptLine frames, other;
  CardModel card;
  std::unique_ptr<E1000> driver;
  std::vector<std::string> sent;
  bool last_verified = false;
};

// Every test on both cards.
class E1000Test : public testing::TestWithParam<Kind> {};

inline std::string NameOfKind(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::k82540Em ? "On82540EM" : "On82574L";
}

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_TESTING_MACHINE_H_
