// Packet: one frame in memory that a device can reach, with the room in front of it for headers to come.
//
// WHY. A frame is written once, by the device or by the application, and then handed on: between the NIC's ring and the
// application only the owner changes. Headers are put in front of what is there, and taken off, by moving two numbers.
// What describes a packet lies apart from its bytes, so that a device that writes too much spoils no pointer.
//
// INVARIANTS
//   I1. A packet has one owner: a PacketPtr, a PacketQueue, or the NIC that was given it. All are of one CPU.
//   I2. begin <= end <= kPacketBytes; what lies outside of [begin, end) is room.
#ifndef CORE_DEVICE_PACKET_H_
#define CORE_DEVICE_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/check.h"

namespace toro {

class PacketPool;

// The bytes of a packet, room included, aligned to as many: a power of two, and what NICs have as the size of a buffer.
inline constexpr size_t kPacketBytes = 2048;

// Room in front of a packet that is to be sent: Ethernet 14, IPv4 20, TCP 60, rounded up.
inline constexpr size_t kPacketHeadRoomBytes = 128;

class Packet {
 public:
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  uint8_t* data() { return bytes_ + begin_; }
  const uint8_t* data() const { return bytes_ + begin_; }
  size_t size() const { return end_ - begin_; }
  size_t head_room() const { return begin_; }
  size_t tail_room() const { return kPacketBytes - end_; }

  // Where a device finds data().
  uint64_t physical() const { return physical_ + begin_; }

  // Makes room for `bytes` in front of the data, or behind it, and says where. They must fit and are not cleared.
  uint8_t* Prepend(size_t bytes) {
    TORO_CHECK(bytes <= head_room(), "a header does not fit in front of a packet");
    begin_ -= static_cast<uint16_t>(bytes);
    return data();
  }
  uint8_t* Append(size_t bytes) {
    TORO_CHECK(bytes <= tail_room(), "more data than a packet has room for");
    uint8_t* at = bytes_ + end_;
    end_ += static_cast<uint16_t>(bytes);
    return at;
  }

  // Takes `bytes` of the data away in front, or all behind the first `bytes`. There must be so many.
  void RemoveFront(size_t bytes) {
    TORO_CHECK(bytes <= size(), "took more from a packet than there is");
    begin_ += static_cast<uint16_t>(bytes);
  }
  void TrimTo(size_t bytes) {
    TORO_CHECK(bytes <= size(), "trimmed a packet to more than there is");
    end_ = begin_ + static_cast<uint16_t>(bytes);
  }

  // No data, and `head_room` in front of what comes.
  void Clear(size_t head_room) {
    TORO_CHECK(head_room <= kPacketBytes);
    begin_ = end_ = static_cast<uint16_t>(head_room);
    checksum_verified = false;
    checksum_start = checksum_field = 0;
  }

  // For whoever owns the packet: TCP keeps here where in the stream its data begin.
  uint32_t owner_word = 0;

  // Received: the NIC has found the checksums of the IPv4 header and of TCP or UDP right.
  bool checksum_verified = false;

  // To be sent, if the NIC can (NicDescription::fills_checksums): the sum of [data() + checksum_start, end) goes into
  // the two bytes at data() + checksum_field, which hold the sum of the pseudo header, not complemented. A field at 0:
  // nothing.
  uint8_t checksum_start = 0;
  uint8_t checksum_field = 0;

 private:
  friend class PacketPool;
  friend class PacketQueue;
  friend struct ReleasePacket;

  Packet() = default;

  uint8_t* bytes_ = nullptr;
  uint64_t physical_ = 0;
  PacketPool* pool_ = nullptr;
  Packet* next_ = nullptr;
  uint16_t begin_ = 0;
  uint16_t end_ = 0;
  bool is_free_ = true;
};

struct ReleasePacket {
  inline void operator()(Packet* packet) const;
};

// Owns a packet; it goes back to its pool with it.
using PacketPtr = std::unique_ptr<Packet, ReleasePacket>;

// Packets in the order in which they came.
class PacketQueue {
 public:
  PacketQueue() = default;
  PacketQueue(const PacketQueue&) = delete;
  PacketQueue& operator=(const PacketQueue&) = delete;
  ~PacketQueue() { Clear(); }

  bool empty() const { return first_ == nullptr; }
  size_t size() const { return size_; }
  Packet* front() { return first_; }
  Packet* back() { return last_; }

  void PushBack(PacketPtr packet) {
    packet->next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = packet.get();
    last_ = packet.release();
    ++size_;
  }
  void PushFront(PacketPtr packet) {
    packet->next_ = first_;  // null if there is none
    if (first_ == nullptr) last_ = packet.get();
    first_ = packet.release();
    ++size_;
  }

  // For queues in an order of their own. Behind `position`; in front of all with null.
  void InsertAfter(Packet* position, PacketPtr packet) {
    if (position == nullptr) return PushFront(std::move(packet));
    if (position == last_) return PushBack(std::move(packet));
    packet->next_ = position->next_;
    position->next_ = packet.release();
    ++size_;
  }
  // The one behind `packet`; null: it is the last.
  static Packet* After(const Packet& packet) { return packet.next_; }

  // Null when empty.
  PacketPtr PopFront() {
    if (first_ == nullptr) return nullptr;
    PacketPtr packet(first_);
    first_ = packet->next_;
    --size_;
    return packet;
  }

  void Clear() {
    while (PopFront() != nullptr) continue;
  }

 private:
  Packet* first_ = nullptr;
  Packet* last_ = nullptr;  // valid while there is a first
  size_t size_ = 0;
};

// The packets of one CPU. The memory is given to it in pieces and stays with whoever gave it, who must keep it until
// the pool is gone; every packet must be back before.
class PacketPool {
 public:
  // What a piece of memory needs per packet beside its kPacketBytes.
  static constexpr size_t kDescriptorBytes = sizeof(Packet);

  PacketPool() = default;
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;
  ~PacketPool() { TORO_CHECK(free_count_ == total_, "a pool of packets ended while somebody owned one"); }

  // `count` more packets. `bytes`: kPacketBytes each, aligned to as many, contiguous for a device, which finds them at
  // `physical`. `descriptors`: kDescriptorBytes each, aligned as for any object, no business of a device.
  void AddMemory(void* bytes, uint64_t physical, void* descriptors, size_t count) {
    TORO_CHECK(reinterpret_cast<uintptr_t>(bytes) % kPacketBytes == 0, "packets are aligned to their size");
    for (size_t i = 0; i < count; ++i) {
      auto* packet = new (static_cast<uint8_t*>(descriptors) + i * kDescriptorBytes) Packet;
      packet->bytes_ = static_cast<uint8_t*>(bytes) + i * kPacketBytes;
      packet->physical_ = physical + i * kPacketBytes;
      packet->pool_ = this;
      packet->next_ = free_;
      free_ = packet;
    }
    total_ += count;
    free_count_ += count;
  }

  // An empty packet with `head_room`; null when all are in use. O(1).
  PacketPtr Allocate(size_t head_room = kPacketHeadRoomBytes) {
    Packet* packet = free_;
    if (packet == nullptr) {
      ++refused_;
      return nullptr;
    }
    free_ = packet->next_;
    --free_count_;
    packet->is_free_ = false;
    packet->Clear(head_room);
    return PacketPtr(packet);
  }

  size_t total() const { return total_; }
  size_t free_count() const { return free_count_; }
  uint64_t refused() const { return refused_; }

 private:
  friend struct ReleasePacket;

  void Release(Packet* packet) {
    TORO_CHECK(!packet->is_free_, "a packet was released twice");
    packet->is_free_ = true;
    packet->next_ = free_;
    free_ = packet;
    ++free_count_;
  }

  Packet* free_ = nullptr;  // the one used last is in the cache
  size_t total_ = 0;
  size_t free_count_ = 0;
  uint64_t refused_ = 0;
};

inline void ReleasePacket::operator()(Packet* packet) const { packet->pool_->Release(packet); }

}  // namespace toro

#endif  // CORE_DEVICE_PACKET_H_
