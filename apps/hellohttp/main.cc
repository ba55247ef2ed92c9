// hellohttp: answers every HTTP request with a greeting, through a network card.
//
//   ./toro run hellohttp --forward=8080:80      then: curl http://127.0.0.1:8080/
//   hellohttp [ADDRESS [CONNECTIONS]]           (10.0.2.15; 0: for ever)
//
// One connection per request, a thread each; the card and its stack belong to the last CPU.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/device/dedicate_nic.h"
#include "core/kernel/packet_memory.h"
#include "core/kernel/toro.h"
#include "services/net/kernel_environment.h"
#include "services/net/net_loop.h"
#include "services/net/tcp_socket.h"

namespace {

using toro::net::Ipv4Address;

constexpr size_t kPackets = 2048;
constexpr size_t kBacklog = 256;
constexpr size_t kMaxRequestBytes = 8192;
constexpr uint64_t kRequestDeadlineNs = 10 * toro::kNsPerSecond;  // for all of it: who dribbles is cut off
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16\r\nConnection: close\r\n\r\nHello from Toro\n";
constexpr std::string_view kTooLarge =
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

int exit_status = 1;

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void Answer(toro::net::TcpSocket& socket) {
  uint64_t deadline_ns = toro::DeadlineAfter(kRequestDeadlineNs);
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    uint8_t piece[1460];
    auto read = socket.Receive(piece, deadline_ns);
    if (!read.ok() || read.value() == 0) return;
    request.append(reinterpret_cast<char*>(piece), read.value());
    if (request.size() > kMaxRequestBytes) {
      (void)socket.Send(BytesOf(kTooLarge), deadline_ns);
      return;
    }
  }
  if (socket.Send(BytesOf(kAnswer), deadline_ns) != toro::Status::kOk) return;
  socket.Finish();
  uint8_t rest[1460];  // until the client has ended too: nothing is reset
  for (;;) {
    auto read = socket.Receive(rest, deadline_ns);
    if (!read.ok() || read.value() == 0) return;
  }
}

// On the CPU that is to own the card.
int Serve(Ipv4Address address, uint64_t connections) {
  auto& pool = *new toro::PacketPool;  // the card keeps packets as long as it runs: for ever
  if (toro::AddPackets(pool, kPackets) != toro::Status::kOk) {
    std::printf("hellohttp: no memory for %zu packets; give the machine more --memory\n", kPackets);
    return 1;
  }
  toro::NicProblem problem;
  toro::Nic* nic = toro::DedicateNic(0, pool, problem);
  if (nic == nullptr) {
    std::printf("hellohttp: %.*s\n", static_cast<int>(problem.length), problem.text);
    return 1;
  }
  toro::net::SipKey seed;
  if (getentropy(seed.words, sizeof(seed.words)) != 0) {
    std::printf("hellohttp: this machine has no entropy, so its connections could be guessed\n");
    return 1;
  }
  auto& environment = *new toro::net::KernelEnvironment(seed);
  toro::net::Ipv4Configuration configuration;
  configuration.address = address;
  configuration.gateway = Ipv4Address{(address.value & configuration.mask.value) | 2};  // of QEMU's own network
  auto& stack = *new toro::net::NetStack(*nic, pool, environment, configuration);
  auto& loop = *new toro::net::NetLoop(stack);
  auto worker = toro::Spawn(toro::CurrentCpu(), [&loop] { loop.Run(); }, {.name = "net"});
  toro::net::TcpServer server;
  if (!worker.ok() || server.Listen(stack, 80, kBacklog) != toro::Status::kOk) {
    std::printf("hellohttp: cannot listen\n");
    return 1;
  }
  std::printf("hellohttp: serves port 80\n");
  std::fflush(stdout);
  toro::Semaphore answered(0);
  uint64_t answering = 0;
  for (uint64_t served = 0; connections == 0 || served < connections; ++served) {
    auto socket = std::make_unique<toro::net::TcpSocket>();
    if (socket->Accept(server) != toro::Status::kOk) break;
    auto answer = [socket = std::move(socket), &answered] {
      Answer(*socket);
      answered.Release();
    };
    auto thread = toro::Spawn(toro::CurrentCpu(), std::move(answer), {.name = "answer"});
    // Without memory for a thread the connection is closed; the next one may find some.
    if (!thread.ok()) continue;
    ++answering;
    (void)toro::Detach(thread.value());
  }
  for (; answering > 0; --answering) (void)answered.Acquire();
  server.Close();
  loop.Stop();
  (void)toro::Join(worker.value());
  const toro::net::TcpLayer::Counters& tcp = stack.tcp().counters();
  std::printf("hellohttp: %llu segments received, %llu sent, %llu sent again\n",
              static_cast<unsigned long long>(tcp.received), static_cast<unsigned long long>(tcp.sent),
              static_cast<unsigned long long>(tcp.resent));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned part[4] = {10, 0, 2, 15};
  char rest;
  bool is_address =
      argc < 2 || std::sscanf(argv[1], "%u.%u.%u.%u%c", &part[0], &part[1], &part[2], &part[3], &rest) == 4;
  for (unsigned number : part) is_address = is_address && number < 256;
  if (!is_address || argc > 3) {
    std::printf("hellohttp: usage: hellohttp [ADDRESS [CONNECTIONS]], for instance 10.0.2.15 100\n");
    return 2;
  }
  uint64_t connections = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  auto address = Ipv4Address::Of(static_cast<uint8_t>(part[0]), static_cast<uint8_t>(part[1]),
                                 static_cast<uint8_t>(part[2]), static_cast<uint8_t>(part[3]));
  // Where the CPUs are isolated, the owner's cannot write here.
  auto owner = toro::Spawn(toro::CpuId{toro::CpuCount() - 1},
                           [address, connections] {
                             const int status = Serve(address, connections);
                             toro::Call(toro::kBootCpu, [status] { exit_status = status; });
                           },
                           {.name = "serve"});
  if (!owner.ok()) {
    std::printf("hellohttp: no memory for a thread; give the machine more --memory\n");
    return 1;
  }
  (void)toro::Join(owner.value());
  return exit_status;
}
