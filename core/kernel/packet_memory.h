// The memory of a pool of packets (core/device/packet.h): from the partition of the calling CPU, where a device can
// reach it.
#ifndef CORE_KERNEL_PACKET_MEMORY_H_
#define CORE_KERNEL_PACKET_MEMORY_H_

#include <cstddef>

#include "core/base/result.h"
#include "core/device/packet.h"

namespace toro {

// `count` > 0 more packets for `pool`, for ever. kInvalidArgument, kOutOfMemory; nothing has changed then. Any context;
// does not block.
Status AddPackets(PacketPool& pool, size_t count);

}  // namespace toro

#endif  // CORE_KERNEL_PACKET_MEMORY_H_
