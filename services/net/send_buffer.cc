#include "services/net/send_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/check.h"

namespace toro::net {

size_t SendBuffer::Append(std::span<const uint8_t> bytes) {
  size_t appended = 0;
  while (appended < bytes.size()) {
    size_t end = (begin_ + size_) % kBlockBytes;
    if (first_ == nullptr || (end == 0 && size_ > 0)) {
      auto* block = new (std::nothrow) Block;
      if (block == nullptr) break;
      block->next = nullptr;
      (first_ == nullptr ? first_ : last_->next) = block;
      last_ = block;
    }
    size_t now = std::min(bytes.size() - appended, kBlockBytes - end);
    std::memcpy(last_->bytes + end, bytes.data() + appended, now);
    appended += now;
    size_ += now;
  }
  return appended;
}

void SendBuffer::CopyOut(size_t offset, uint8_t* to, size_t size) const {
  TORO_CHECK(offset <= size_ && size <= size_ - offset, "sent bytes that are not there");
  size_t at = begin_ + offset;
  const Block* block = first_;
  for (; size > 0 && at >= kBlockBytes; at -= kBlockBytes) block = block->next;
  while (size > 0) {
    size_t now = std::min(size, kBlockBytes - at);
    std::memcpy(to, block->bytes + at, now);
    to += now;
    size -= now;
    at = 0;
    block = block->next;
  }
}

void SendBuffer::RemoveFront(size_t bytes) {
  TORO_CHECK(bytes <= size_, "acknowledged bytes that are not there");
  size_ -= bytes;
  begin_ += bytes;
  while (first_ != nullptr && (begin_ >= kBlockBytes || size_ == 0)) {
    Block* next = first_->next;
    delete first_;
    first_ = next;
    begin_ = size_ == 0 ? 0 : begin_ - kBlockBytes;
  }
}

}  // namespace toro::net
