#include "services/net/receive_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace toro::net {

Sequence ReceiveQueue::Add(Sequence next, Sequence sequence, PacketPtr packet, bool may_keep_early) {
  if (packet->size() == 0) return next;
  if (sequence != next) {
    if (may_keep_early && early_.size() < kMaxEarly) AddEarly(sequence, std::move(packet));
    return next;
  }
  // What is early wins over the end of this packet (I2).
  if (Packet* first = early_.front(); first != nullptr && IsBefore(first->owner_word, next + packet->size())) {
    packet->TrimTo(first->owner_word - next);
  }
  next += static_cast<uint32_t>(packet->size());
  AddReady(std::move(packet));
  while (!early_.empty() && early_.front()->owner_word == next) {
    next = End(*early_.front());
    AddReady(early_.PopFront());
  }
  return next;
}

void ReceiveQueue::AddReady(PacketPtr packet) {
  bytes_ += packet->size();
  Packet* last = ready_.empty() ? nullptr : ready_.back();
  if (last != nullptr && packet->size() <= kSmallBytes && packet->size() <= last->tail_room()) {
    std::memcpy(last->Append(packet->size()), packet->data(), packet->size());
  } else {
    ready_.PushBack(std::move(packet));
  }
}

bool ReceiveQueue::AddEarly(Sequence sequence, PacketPtr packet) {
  Packet* before = nullptr;
  Packet* after = early_.front();
  if (after != nullptr && IsAtOrBefore(early_.back()->owner_word, sequence)) {
    before = early_.back();  // the usual case: behind all others
    after = nullptr;
  }
  while (after != nullptr && IsAtOrBefore(after->owner_word, sequence)) {
    before = after;
    after = PacketQueue::After(*after);
  }
  if (before != nullptr && IsBefore(sequence, End(*before))) {
    auto known = static_cast<size_t>(Distance(sequence, End(*before)));
    if (known >= packet->size()) return false;
    packet->RemoveFront(known);
    sequence = End(*before);
  }
  if (after != nullptr && IsBefore(after->owner_word, sequence + static_cast<uint32_t>(packet->size()))) {
    auto room = static_cast<size_t>(Distance(sequence, after->owner_word));
    if (room == 0) return false;
    packet->TrimTo(room);  // what lies behind the next one comes again
  }
  newest_ = sequence;
  if (before != nullptr && End(*before) == sequence && packet->size() <= kSmallBytes &&
      packet->size() <= before->tail_room()) {
    std::memcpy(before->Append(packet->size()), packet->data(), packet->size());
    return true;
  }
  packet->owner_word = sequence;
  early_.InsertAfter(before, std::move(packet));
  return true;
}

std::span<const uint8_t> ReceiveQueue::Front() {
  if (ready_.empty()) return {};
  return {ready_.front()->data(), ready_.front()->size()};
}

void ReceiveQueue::Consume(size_t bytes) {
  TORO_CHECK(bytes <= bytes_, "read more than was received");
  bytes_ -= bytes;
  while (bytes > 0) {
    size_t now = std::min(bytes, ready_.front()->size());
    ready_.front()->RemoveFront(now);
    if (ready_.front()->size() == 0) (void)ready_.PopFront();
    bytes -= now;
  }
}

uint8_t ReceiveQueue::Blocks(std::span<SequenceRange> blocks) const {
  uint8_t count = 0;
  SequenceRange block;
  auto put = [&] {
    if (block.empty()) return;
    bool is_newest = IsAtOrBefore(block.begin, newest_) && IsBefore(newest_, block.end);
    if (is_newest && count > 0) std::swap(block, blocks[0]);
    if (count < blocks.size()) blocks[count++] = block;
  };
  for (const Packet* packet = early_.front(); packet != nullptr; packet = PacketQueue::After(*packet)) {
    if (packet->owner_word == block.end && !block.empty()) {
      block.end = End(*packet);
    } else {
      put();
      block = {packet->owner_word, End(*packet)};
    }
  }
  put();
  return count;
}

void ReceiveQueue::Clear() {
  ready_.Clear();
  early_.Clear();
  bytes_ = 0;
}

}  // namespace toro::net
