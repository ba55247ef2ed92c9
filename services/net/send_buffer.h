// SendBuffer: the bytes of a stream that are not acknowledged yet, in blocks that come and go with them.
//
// WHY a copy. What was sent must stay unchanged until it is acknowledged, and a retransmission may begin and end
// anywhere. A segment is copied from here into its packet each time, so segments have no borders to keep, and an idle
// connection holds no memory.
#ifndef SERVICES_NET_SEND_BUFFER_H_
#define SERVICES_NET_SEND_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::net {

class SendBuffer {
 public:
  SendBuffer() = default;
  SendBuffer(const SendBuffer&) = delete;
  SendBuffer& operator=(const SendBuffer&) = delete;
  ~SendBuffer() { RemoveFront(size_); }

  size_t size() const { return size_; }
  // Appends the first bytes of `bytes`, as many as there is memory for, and returns how many.
  size_t Append(std::span<const uint8_t> bytes);
  // Copies [offset, offset + size) to `to`; they must be there.
  void CopyOut(size_t offset, uint8_t* to, size_t size) const;
  void RemoveFront(size_t bytes);

 private:
  static constexpr size_t kBlockBytes = 4096 - sizeof(void*);
  struct Block {
    Block* next;
    uint8_t bytes[kBlockBytes];
  };

  Block* first_ = nullptr;
  Block* last_ = nullptr;
  size_t begin_ = 0;  // in the first block
  size_t size_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_SEND_BUFFER_H_
