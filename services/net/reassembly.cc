#include "services/net/reassembly.h"

#include <cstring>
#include <utility>

namespace toro::net {

size_t Reassembly::under_way() const {
  size_t count = 0;
  for (const Datagram& datagram : datagrams_) count += datagram.packet != nullptr;
  return count;
}

PacketPtr Reassembly::Drop(Datagram& datagram) {
  datagram.packet.reset();
  ++counters_.dropped;
  return nullptr;
}

Reassembly::Datagram* Reassembly::FindOrBegin(const Key& key, uint64_t now_ns) {
  Datagram* place = nullptr;
  for (Datagram& datagram : datagrams_) {
    if (datagram.packet != nullptr && now_ns - datagram.began_ns > kTimeoutNs) Drop(datagram);
    if (datagram.packet != nullptr && datagram.key == key) return &datagram;
    if (place == nullptr ||
        (place->packet != nullptr && (datagram.packet == nullptr || datagram.began_ns < place->began_ns))) {
      place = &datagram;
    }
  }
  if (place->packet != nullptr) Drop(*place);
  place->packet = pool_.Allocate(kHeadRoomBytes);
  if (place->packet == nullptr) return nullptr;
  place->packet->Append(kMaxBytes);
  place->key = key;
  place->began_ns = now_ns;
  place->bytes = place->received = 0;
  place->have.reset();
  return place;
}

PacketPtr Reassembly::Add(const Key& key, size_t offset, bool more_follow, const Packet& piece, uint64_t now_ns) {
  ++counters_.pieces;
  size_t size = piece.size();
  Datagram* datagram = FindOrBegin(key, now_ns);
  if (datagram == nullptr) return nullptr;
  // Every piece but the last is a multiple of eight [rfc791 3.1]; none is empty or reaches beyond the packet.
  size_t end = offset + size;
  if (size == 0 || end > kMaxBytes || (more_follow && size % kUnit != 0)) return Drop(*datagram);
  if (datagram->bytes != 0 && (end > datagram->bytes || (!more_follow && end != datagram->bytes))) {
    return Drop(*datagram);
  }
  size_t first = offset / kUnit;
  size_t units = (size + kUnit - 1) / kUnit;
  size_t known = 0;
  for (size_t i = 0; i < units; ++i) known += datagram->have[first + i];
  if (known == units) return nullptr;
  if (known != 0) return Drop(*datagram);
  if (!more_follow) {
    for (size_t i = first + units; i < datagram->have.size(); ++i) {
      if (datagram->have[i]) return Drop(*datagram);  // something beyond the end has come before
    }
    datagram->bytes = end;
  }
  for (size_t i = 0; i < units; ++i) datagram->have.set(first + i);
  std::memcpy(datagram->packet->data() + offset, piece.data(), size);
  datagram->received += size;
  if (datagram->bytes == 0 || datagram->received != datagram->bytes) return nullptr;
  ++counters_.completed;
  datagram->packet->TrimTo(datagram->bytes);
  return std::move(datagram->packet);
}

}  // namespace toro::net
