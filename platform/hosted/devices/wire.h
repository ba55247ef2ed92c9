// Wire: the way out of a hosted card: a file of the host that carries a frame per read and write.
//
// WHY a watcher. The CPU that owns the card sleeps until somebody wakes it; a pthread of the host waits for the file
// instead, and wakes that CPU once. It is started before any CPU, because a CPU has no pthreads to give.
#ifndef PLATFORM_HOSTED_DEVICES_WIRE_H_
#define PLATFORM_HOSTED_DEVICES_WIRE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/cpu_id.h"
#include "platform/hosted/network_options.h"

namespace toro::hosted {

class Wire {
 public:
  static constexpr size_t kMostFrameBytes = 65536;

  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Each returns an empty string, or what is wrong. Before any CPU runs.
  std::string ConnectTap(const std::string& name);
  std::string ConnectSockets(const std::string& here, const std::string& there);
  // A network of its own, with DHCP and DNS, in which this host is 10.0.2.2 and the card's owner 10.0.2.15: libslirp,
  // in a process of its own.
  std::string ConnectUserNetwork(const NetworkOptions& options, bool with_forwards);
  std::string StartWatcher();

  // The bytes of the next frame, which is in `frame`; 0: none has come.
  size_t Read(unsigned char* frame, size_t most);

  // Waits a moment if the other end is slow; then the frame is lost, as on a wire.
  void Write(const unsigned char* frame, size_t bytes);

  // When the next frame comes, or has come, CPU `owner` is woken, once.
  void WakeOnFrame(CpuId owner);

 private:
  static void* Watch(void* wire);

  int file_ = -1;
  bool is_socket_ = false;
  std::atomic<uint32_t> wanted_{0};  // whom the watcher is to wake, plus 1; 0: nobody
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_DEVICES_WIRE_H_
