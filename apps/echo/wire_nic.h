// WireNic: a network card whose wire ends in another one of the same CPU. For applications that talk to themselves.
#ifndef APPS_ECHO_WIRE_NIC_H_
#define APPS_ECHO_WIRE_NIC_H_

#include <cstring>
#include <utility>

#include "core/device/nic.h"

class WireNic final : public toro::Nic {
 public:
  // Frames that are on the wire; more are lost, as on any.
  static constexpr size_t kOnTheWire = 128;

  WireNic(toro::PacketPool& pool, uint8_t number) : pool_(pool) {
    description_.name = "wire";
    description_.mac = {2, 0, 0, 0, 0, number};
  }
  void ConnectTo(WireNic& other) { other_ = &other; }

  const toro::NicDescription& description() const override { return description_; }

  size_t Receive(std::span<toro::PacketPtr> burst) override {
    size_t count = 0;
    while (count < burst.size() && !arrived_.empty()) burst[count++] = arrived_.PopFront();
    return count;
  }

  // A frame passes from the memory of one card to that of the other, as on a real wire.
  size_t Send(std::span<toro::PacketPtr> burst) override {
    for (toro::PacketPtr& packet : burst) {
      toro::PacketPtr copy = other_->arrived_.size() < kOnTheWire ? other_->pool_.Allocate(0) : nullptr;
      if (copy != nullptr) {
        std::memcpy(copy->Append(packet->size()), packet->data(), packet->size());
        other_->arrived_.PushBack(std::move(copy));
        ++other_->statistics_.received_frames;
      } else {
        ++other_->statistics_.dropped_no_buffer;
      }
      ++statistics_.sent_frames;
      packet.reset();
    }
    return burst.size();
  }

  void Flush() override {}
  void ArmInterrupt() override {}
  void Watch(uint64_t) override {}
  bool link_up() const override { return true; }
  const toro::NicStatistics& statistics() const override { return statistics_; }

 private:
  toro::PacketPool& pool_;
  toro::NicDescription description_;
  toro::NicStatistics statistics_;
  toro::PacketQueue arrived_;
  WireNic* other_ = nullptr;
};

#endif  // APPS_ECHO_WIRE_NIC_H_
