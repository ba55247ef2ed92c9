// TestHost: a stack on a card that is two queues, in a world whose clock and dice belong to the test.
#ifndef SERVICES_NET_TESTING_TEST_HOST_H_
#define SERVICES_NET_TESTING_TEST_HOST_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/base/mix.h"
#include "core/base/units.h"
#include "services/net/stack.h"

namespace toro::net {

using Frame = std::vector<uint8_t>;

class TestEnvironment final : public NetEnvironment {
 public:
  explicit TestEnvironment(uint64_t seed) : random_(seed) {}
  uint64_t NowNs() override { return now_ns; }
  uint64_t Random() override { return Mix(random_ += kMixStride); }

  uint64_t now_ns = 1 * kNsPerSecond;

 private:
  uint64_t random_;
};

// A card whose wire is two lists of frames. It may refuse to send, and do checksums as a card does.
class TestNic final : public Nic {
 public:
  TestNic(PacketPool& pool, const NicDescription& description) : pool_(pool), description_(description) {}

  const NicDescription& description() const override { return description_; }
  size_t Receive(std::span<PacketPtr> burst) override {
    size_t count = 0;
    while (count < burst.size() && !to_stack.empty()) {
      Frame frame = std::move(to_stack.front());
      to_stack.pop_front();
      PacketPtr packet = pool_.Allocate(0);
      if (packet == nullptr) {
        ++statistics_.dropped_no_buffer;
        continue;
      }
      size_t bytes = std::min(frame.size(), packet->tail_room());
      if (bytes > 0) std::memcpy(packet->Append(bytes), frame.data(), bytes);
      burst[count++] = std::move(packet);
    }
    return count;
  }
  size_t Send(std::span<PacketPtr> burst) override {
    size_t taken = 0;
    for (; taken < burst.size() && room > 0; ++taken, --room) {
      Packet& packet = *burst[taken];
      Frame frame(packet.data(), packet.data() + packet.size());
      if (packet.checksum_field != 0) FillChecksum(frame, packet.checksum_start, packet.checksum_field);
      from_stack.push_back(std::move(frame));
      burst[taken].reset();
    }
    return taken;
  }
  void Flush() override { ++flushes; }
  void ArmInterrupt() override {}
  void Watch(uint64_t) override {}
  bool link_up() const override { return true; }
  const NicStatistics& statistics() const override { return statistics_; }

  std::deque<Frame> to_stack;
  std::deque<Frame> from_stack;
  size_t room = SIZE_MAX;
  size_t flushes = 0;

 private:
  static void FillChecksum(Frame& frame, size_t start, size_t field);

  PacketPool& pool_;
  NicDescription description_;
  NicStatistics statistics_;
};

class TestHost {
 public:
  struct Options {
    MacAddress mac = {2, 0, 0, 0, 0, 1};
    Ipv4Configuration configuration = {Ipv4Address::Of(10, 0, 0, 1), Ipv4Address::Of(255, 255, 255, 0),
                                       Ipv4Address::Of(10, 0, 0, 254)};
    size_t packets = 1024;
    uint16_t mtu = 1500;
    bool fills_checksums = false;
    TcpLimits limits;
  };

  TestHost(TestEnvironment& environment, const Options& options);

  PacketPool& pool() { return pool_; }
  TestNic& nic() { return *nic_; }
  NetStack& stack() { return *stack_; }

  // Gives the stack a frame and lets it work.
  void Receive(Frame frame);
  // The next frame that the stack has sent; empty: none.
  Frame Sent();

 private:
  using Memory = std::unique_ptr<void, decltype(&std::free)>;

  Memory bytes_;
  Memory descriptors_;
  PacketPool pool_;
  std::unique_ptr<TestNic> nic_;
  std::unique_ptr<NetStack> stack_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_TESTING_TEST_HOST_H_
