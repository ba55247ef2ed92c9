#include "platform/hosted/devices/user_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "platform/hosted/c_library.h"

namespace toro::hosted {
namespace {

// What libslirp calls back with.
struct Network {
  int socket;
  Slirp* slirp = nullptr;
  std::vector<pollfd> files;
};

ssize_t SendFrame(const void* frame, size_t bytes, void* opaque) {
  return send(static_cast<Network*>(opaque)->socket, frame, bytes, MSG_NOSIGNAL);
}
void IgnoreError(const char*, void*) {}
int64_t Clock(void*) { return static_cast<int64_t>(HostClockNs(CLOCK_MONOTONIC)); }
// Its timers are for IPv6, which is off.
void* NewTimer(SlirpTimerCb, void*, void* opaque) { return opaque; }
void FreeTimer(void*, void*) {}
void ChangeTimer(void*, int64_t, void*) {}
void IgnoreFile(int, void*) {}
void IgnoreNews(void*) {}

int AddFile(int file, int events, void* opaque) {
  auto& files = static_cast<Network*>(opaque)->files;
  const int wanted = ((events & SLIRP_POLL_IN) != 0 ? POLLIN : 0) | ((events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0) |
                     ((events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0);
  files.push_back({file, static_cast<short>(wanted), 0});
  return static_cast<int>(files.size() - 1);
}

int EventsOf(int index, void* opaque) {
  const int events = static_cast<Network*>(opaque)->files[static_cast<size_t>(index)].revents;
  return ((events & POLLIN) != 0 ? SLIRP_POLL_IN : 0) | ((events & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
         ((events & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0) | ((events & POLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
         ((events & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
}

SlirpConfig Configuration() {
  SlirpConfig config = {};
  config.version = 1;
  config.in_enabled = true;
  config.vnetwork.s_addr = htonl(0x0a000200);
  config.vnetmask.s_addr = htonl(0xffffff00);
  config.vhost.s_addr = htonl(0x0a000202);
  config.vdhcp_start.s_addr = htonl(0x0a00020f);
  config.vnameserver.s_addr = htonl(0x0a000203);
  return config;
}

// Empty, or what is wrong.
std::string ForwardPorts(Slirp* slirp, const NetworkOptions& options) {
  in_addr loopback, owner = {};
  loopback.s_addr = htonl(INADDR_LOOPBACK);
  for (const NetworkOptions::Forward& forward : options.forwards) {
    if (slirp_add_hostfwd(slirp, forward.is_udp, loopback, forward.host_port, owner, forward.guest_port) == 0) continue;
    return "--forward: port " + std::to_string(forward.host_port) + " of 127.0.0.1: " + std::strerror(errno) +
           "; choose another one";
  }
  return "";
}

// One round: waits for whatever comes first. False: the kernel has ended.
bool Turn(Network& network) {
  unsigned char frame[65536];
  network.files.assign(1, {network.socket, POLLIN, 0});
  uint32_t timeout_ms = 1000;
  slirp_pollfds_fill(network.slirp, &timeout_ms, &AddFile, &network);
  int count = poll(network.files.data(), network.files.size(), static_cast<int>(timeout_ms));
  slirp_pollfds_poll(network.slirp, count < 0, &EventsOf, &network);
  if (network.files[0].revents == 0) return true;
  for (;;) {
    ssize_t bytes = recv(network.socket, frame, sizeof frame, MSG_DONTWAIT);
    if (bytes == 0) return false;
    if (bytes < 0) return errno == EAGAIN || errno == EINTR;
    slirp_input(network.slirp, frame, static_cast<int>(bytes));
  }
}

[[noreturn]] void Serve(int socket, const NetworkOptions& options, bool with_forwards) {
  static const SlirpCb callbacks = {&SendFrame,  &IgnoreError, &Clock,      &NewTimer, &FreeTimer, &ChangeTimer,
                                    &IgnoreFile, &IgnoreFile,  &IgnoreNews, nullptr,   nullptr};
  static const SlirpConfig config = Configuration();
  Network network{socket, nullptr, {}};
  network.slirp = slirp_new(&config, &callbacks, &network);
  std::string problem = network.slirp == nullptr ? "--nic: libslirp does not start" : "";
  if (problem.empty() && with_forwards) problem = ForwardPorts(network.slirp, options);
  (void)send(socket, problem.c_str(), problem.empty() ? 1 : problem.size(), MSG_NOSIGNAL);
  while (problem.empty() && Turn(network)) continue;
  _exit(0);
}

}  // namespace

std::string StartUserNetwork(int socket, const NetworkOptions& options, bool with_forwards) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return std::string("--nic: a process for the user network: ") + std::strerror(errno);
  if (child > 0) return "";
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  // A reader of the kernel's output waits for its end, not for ours.
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int file : {0, 1}) dup2(nothing, file);
  Serve(socket, options, with_forwards);
}

}  // namespace toro::hosted
