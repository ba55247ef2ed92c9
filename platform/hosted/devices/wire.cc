#include "platform/hosted/devices/wire.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/hosted/c_library.h"
#include "platform/hosted/devices/user_network.h"
#include "platform/hosted/executor.h"

namespace toro::hosted {
namespace {

std::string Problem(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

std::string Wire::ConnectTap(const std::string& name) {
  file_ = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (file_ < 0) return Problem("--tap: /dev/net/tun");
  ifreq request = {};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strncpy(request.ifr_name, name.c_str(), sizeof request.ifr_name - 1);
  if (ioctl(file_, TUNSETIFF, &request) != 0) {
    return Problem("--tap=" + name) + "; make the device yours: ip tuntap add " + name + " mode tap user $(id -un)";
  }
  return "";
}

std::string Wire::ConnectSockets(const std::string& here, const std::string& there) {
  sockaddr_un own = {AF_UNIX, {}}, other = {AF_UNIX, {}};
  if (here.size() >= sizeof own.sun_path || there.size() >= sizeof other.sun_path) {
    return "--wire: the path of a socket has 107 characters at most";
  }
  std::memcpy(own.sun_path, here.c_str(), here.size());
  std::memcpy(other.sun_path, there.c_str(), there.size());
  is_socket_ = true;
  file_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file_ < 0) return Problem("--wire");
  if (bind(file_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) return Problem("--wire: " + here);
  if (connect(file_, reinterpret_cast<sockaddr*>(&other), sizeof other) != 0) return Problem("--wire: " + there);
  return "";
}

std::string Wire::ConnectUserNetwork(const NetworkOptions& options, bool with_forwards) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return Problem("--nic");
  int bytes = 1 << 20;  // of frames under way; the host may allow less
  for (int end : ends) setsockopt(end, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  if (std::string problem = StartUserNetwork(ends[1], options, with_forwards); !problem.empty()) return problem;
  close(ends[1]);
  char text[256];
  ssize_t count = recv(ends[0], text, sizeof text, 0);  // its first word: what is wrong with the ports
  if (count <= 0) return "--nic: the user network has ended";
  if (text[0] != '\0') return std::string(text, static_cast<size_t>(count));
  file_ = ends[0];
  is_socket_ = true;
  fcntl(file_, F_SETFL, O_NONBLOCK);
  return "";
}

std::string Wire::StartWatcher() {
  pthread_t thread;
  errno = pthread_create(&thread, nullptr, &Watch, this);
  return errno != 0 ? Problem("--nic: a thread that watches the wire") : "";
}

size_t Wire::Read(unsigned char* frame, size_t most) {
  ssize_t count = read(file_, frame, most);
  return count > 0 ? static_cast<size_t>(count) : 0;
}

void Wire::Write(const unsigned char* frame, size_t bytes) {
  constexpr int kPatienceMs = 1000;
  for (int attempt = 0; attempt < 2; ++attempt) {
    ssize_t count = is_socket_ ? send(file_, frame, bytes, MSG_NOSIGNAL) : write(file_, frame, bytes);
    if (count >= 0 || (errno != EAGAIN && errno != ENOBUFS)) return;
    pollfd room = {file_, POLLOUT, 0};
    poll(&room, 1, kPatienceMs);
  }
}

void Wire::WakeOnFrame(CpuId owner) {
  const auto wanted = static_cast<uint32_t>(owner.index()) + 1;
  if (wanted_.load(std::memory_order_relaxed) == wanted) return;  // it waits for one already
  wanted_.store(wanted, std::memory_order_release);
  WakeHostFutex(reinterpret_cast<uint32_t*>(&wanted_));
}

void* Wire::Watch(void* argument) {
  Wire& wire = *static_cast<Wire*>(argument);
  LeaveShutdownSignals();
  for (;;) {
    const uint32_t wanted = wire.wanted_.load(std::memory_order_acquire);
    if (wanted == 0) {
      WaitOnHostFutex(reinterpret_cast<uint32_t*>(&wire.wanted_), 0, kNever);
      continue;
    }
    pollfd frame = {wire.file_, POLLIN, 0};
    if (poll(&frame, 1, -1) <= 0) continue;
    const bool has_ended = (frame.revents & POLLIN) == 0;
    wire.wanted_.store(0, std::memory_order_relaxed);
    platform::WakeCpu(CpuId{wanted - 1});
    if (has_ended) return nullptr;  // nobody is at the other end any more
  }
}

}  // namespace toro::hosted
