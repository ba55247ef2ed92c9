#include "core/kernel/packet_memory.h"

#include "core/kernel/allocation.h"
#include "core/kernel/dma.h"

namespace toro {

Status AddPackets(PacketPool& pool, size_t count) {
  constexpr size_t kMostPackets = size_t{1} << 20;
  if (count == 0 || count > kMostPackets) return Status::kInvalidArgument;
  Result<DmaBuffer> bytes = AllocateDma(count * kPacketBytes, {.align_bytes = kPacketBytes});
  if (!bytes.ok()) return bytes.status();
  void* descriptors = AllocateBytes(count * PacketPool::kDescriptorBytes);
  if (descriptors == nullptr) {
    FreeDma(bytes.value());
    return Status::kOutOfMemory;
  }
  pool.AddMemory(bytes.value().address, bytes.value().physical, descriptors, count);
  return Status::kOk;
}

}  // namespace toro
