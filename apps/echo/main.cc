// echo: a server that sends back what it gets, a thread per connection, and clients that check it; between them two
// network stacks and a wire, all on CPU 0. `-- CONNECTIONS BYTES` (10, 100000).
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "apps/echo/wire_nic.h"
#include "core/kernel/dma.h"
#include "core/kernel/toro.h"
#include "services/net/kernel_environment.h"
#include "services/net/net_loop.h"
#include "services/net/tcp_socket.h"

namespace {

using toro::net::Ipv4Address;

constexpr Ipv4Address kServer = Ipv4Address::Of(10, 0, 0, 1);
constexpr Ipv4Address kClient = Ipv4Address::Of(10, 0, 0, 2);
constexpr uint16_t kEchoPort = 7;
constexpr size_t kPackets = 512;

// A host: memory for packets, a card, a stack, and the thread that works for it.
class Host {
 public:
  Host(Ipv4Address address, uint8_t number)
      : memory_(toro::AllocateDma(kPackets * toro::kPacketBytes, {.align_bytes = toro::kPacketBytes})),
        descriptors_(kPackets * toro::PacketPool::kDescriptorBytes / sizeof(std::max_align_t) + 1),
        nic_(pool_, number),
        environment_(Seed()) {
    TORO_CHECK(memory_.ok(), "no memory for packets; use more --memory");
    pool_.AddMemory(memory_.value().address, memory_.value().physical, descriptors_.data(), kPackets);
    toro::net::Ipv4Configuration configuration;
    configuration.address = address;
    stack_ = std::make_unique<toro::net::NetStack>(nic_, pool_, environment_, configuration);
    loop_ = std::make_unique<toro::net::NetLoop>(*stack_);
  }

  void Start() {
    auto thread = toro::Spawn(toro::CurrentCpu(), [this] { loop_->Run(); }, {.name = "net"});
    TORO_CHECK(thread.ok(), "no memory for a thread; use more --memory");
    thread_ = thread.value();
  }
  void Stop() {
    loop_->Stop();
    (void)toro::Join(thread_);
  }
  WireNic& nic() { return nic_; }
  toro::net::NetStack& stack() { return *stack_; }

 private:
  static toro::net::SipKey Seed() {
    toro::net::SipKey seed;
    TORO_CHECK(getentropy(seed.words, sizeof(seed.words)) == 0, "this machine has no entropy");
    return seed;
  }

  toro::Result<toro::DmaBuffer> memory_;
  std::vector<std::max_align_t> descriptors_;
  toro::PacketPool pool_;
  WireNic nic_;
  toro::net::KernelEnvironment environment_;
  std::unique_ptr<toro::net::NetStack> stack_;
  std::unique_ptr<toro::net::NetLoop> loop_;
  toro::ThreadId thread_;
};

void Echo(toro::net::TcpSocket& socket) {
  for (;;) {
    auto shown = socket.Peek();
    if (!shown.ok() || shown.value().empty()) return;
    size_t bytes = shown.value().size();
    if (socket.Send(shown.value()) != toro::Status::kOk) return;
    socket.Consume(bytes);
  }
}

void Serve(toro::net::TcpServer& server, size_t connections) {
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < connections; ++i) {
    auto socket = std::make_unique<toro::net::TcpSocket>();
    if (socket->Accept(server) != toro::Status::kOk) return;
    auto thread = toro::Spawn(toro::CurrentCpu(), [socket = std::move(socket)] { Echo(*socket); }, {.name = "echo"});
    TORO_CHECK(thread.ok(), "no memory for a thread; use more --memory");
    threads.push_back(thread.value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
}

// Sends `bytes` bytes and reads them again. True: they are the same.
bool Ask(toro::net::NetStack& stack, size_t number, size_t bytes) {
  toro::net::TcpSocket socket;
  if (socket.Connect(stack, {kServer, kEchoPort}) != toro::Status::kOk) return false;
  auto byte_at = [number](size_t at) { return static_cast<uint8_t>(at * 31 + at / 251 + number); };
  size_t sent = 0, received = 0;
  std::vector<uint8_t> piece(4096);
  while (received < bytes) {
    size_t now = std::min(piece.size(), bytes - sent);
    for (size_t i = 0; i < now; ++i) piece[i] = byte_at(sent + i);
    if (now > 0 && socket.Send({piece.data(), now}) != toro::Status::kOk) return false;
    sent += now;
    if (sent == bytes && now > 0) socket.Finish();
    auto read = socket.Receive(piece);
    if (!read.ok() || read.value() == 0) return false;
    for (size_t i = 0; i < read.value(); ++i) {
      if (piece[i] != byte_at(received++)) return false;
    }
  }
  auto end = socket.Receive(piece);
  return end.ok() && end.value() == 0;
}

size_t NumberOr(int argc, char** argv, int at, size_t otherwise) {
  if (argc <= at) return otherwise;
  char* end = nullptr;
  long number = std::strtol(argv[at], &end, 10);
  return number >= 1 && *end == 0 ? static_cast<size_t>(number) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  size_t connections = NumberOr(argc, argv, 1, 10);
  size_t bytes = NumberOr(argc, argv, 2, 100000);
  if (argc > 3 || connections == 0 || bytes == 0) {
    std::fprintf(stderr, "echo: expected a number of connections and of bytes, each 1 or more\n");
    return 2;
  }
  Host server(kServer, 1);
  Host client(kClient, 2);
  server.nic().ConnectTo(client.nic());
  client.nic().ConnectTo(server.nic());
  server.Start();
  client.Start();
  toro::net::TcpServer port;
  TORO_CHECK(port.Listen(server.stack(), kEchoPort, connections) == toro::Status::kOk);
  auto serving = toro::Spawn(toro::CurrentCpu(), [&] { Serve(port, connections); }, {.name = "serve"});
  TORO_CHECK(serving.ok(), "no memory for a thread; use more --memory");

  size_t right = 0;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < connections; ++i) {
    auto thread = toro::Spawn(toro::CurrentCpu(), [&, i] { right += Ask(client.stack(), i, bytes); }, {.name = "ask"});
    TORO_CHECK(thread.ok(), "no memory for a thread; use more --memory");
    threads.push_back(thread.value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  (void)toro::Join(serving.value());
  port.Close();
  server.Stop();
  client.Stop();
  std::printf("%zu of %zu connections got back their %zu bytes\n", right, connections, bytes);
  return right == connections ? 0 : 1;
}
