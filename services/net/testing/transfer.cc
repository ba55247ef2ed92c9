#include "services/net/testing/transfer.h"

#include <algorithm>
#include <iterator>

namespace toro::net {
namespace {

constexpr uint64_t kTimeLimitNs = 24ull * 3600 * kNsPerSecond;

uint8_t ByteAt(uint64_t stream, uint64_t offset) {
  return static_cast<uint8_t>(Mix(stream * kMixStride + offset / 8) >> offset % 8 * 8);
}

// An application at one end: writes its stream in pieces of random sizes, reads the other's, and compares.
class End {
 public:
  End(uint64_t stream, uint64_t bytes, uint64_t other_stream, uint64_t other_bytes)
      : stream_(stream), to_send_(bytes), other_stream_(other_stream), to_receive_(other_bytes), dice_(stream) {}

  void Work() {
    if (connection == nullptr || !failure.empty()) return;
    while (sent_ < to_send_ && connection->Writable() > 0) {
      uint8_t piece[8192];
      size_t size = 1 + dice_.Random() % (dice_.Random() % 2 == 0 ? sizeof(piece) : 64);
      size = static_cast<size_t>(std::min<uint64_t>(size, to_send_ - sent_));
      for (size_t i = 0; i < size; ++i) piece[i] = ByteAt(stream_, sent_ + i);
      sent_ += connection->Write({piece, size});
    }
    if (sent_ == to_send_ && !finished_) {
      finished_ = true;
      connection->Finish();
    }
    while (connection->Readable() > 0) {
      std::span<const uint8_t> front = connection->Front();
      for (uint8_t byte : front) {
        if (byte != ByteAt(other_stream_, received_++)) {
          failure = "byte " + std::to_string(received_ - 1) + " is wrong";
          return;
        }
      }
      connection->Consume(front.size());
    }
    if (received_ > to_receive_) failure = "more bytes than were sent";
    if (connection->AtEnd() && received_ < to_receive_) failure = "the stream ended early";
    if (connection->error() != Status::kOk) {
      failure = std::string("connection: ") + StatusText(connection->error()) + " after " + std::to_string(received_) +
                " of " + std::to_string(to_receive_) + " bytes";
    }
  }

  bool done() const {
    bool is_acknowledged = connection->state() == TcpState::kClosed || connection->view().in_flight == 0;
    return !failure.empty() || (finished_ && connection->AtEnd() && is_acknowledged && received_ == to_receive_);
  }
  uint64_t received() const { return received_; }

  TcpConnection* connection = nullptr;
  std::string failure;

 private:
  uint64_t stream_;
  uint64_t to_send_;
  uint64_t other_stream_;
  uint64_t to_receive_;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  bool finished_ = false;
  TestEnvironment dice_;
};

std::string LeftBehind(TestHost& host) {
  TcpLayer& tcp = host.stack().tcp();
  if (tcp.connections() != 0 || tcp.half_open() != 0)
    return std::to_string(tcp.connections()) + " connections are left";
  if (host.pool().free_count() != host.pool().total()) return "packets are missing";
  return "";
}

}  // namespace

TransferResult RunTransfer(const TransferOptions& options) {
  TransferResult result;
  TwoHosts hosts(options.seed, options.faults, options.limits, options.mtu);
  TcpListener listener;
  End a(2 * options.seed, options.bytes_from_a, 2 * options.seed + 1, options.bytes_from_b);
  End b(2 * options.seed + 1, options.bytes_from_b, 2 * options.seed, options.bytes_from_a);
  if (listener.Listen(hosts.b.stack().tcp(), 80, 4) != Status::kOk) return result.failure = "listen", result;
  Result<TcpConnection*> connection = hosts.a.stack().tcp().Connect({TwoHosts::kB, 80});
  if (!connection.ok()) return result.failure = "connect", result;
  a.connection = connection.value();
  uint64_t began_ns = hosts.environment.now_ns;
  uint64_t progress_ns = began_ns;
  uint64_t received = 0;
  bool ended = hosts.Run(kTimeLimitNs, [&] {
    if (b.connection == nullptr) b.connection = listener.Accept();
    a.Work();
    b.Work();
    if (a.received() + b.received() != received) {
      if (received > 0) {
        result.longest_stall_ns = std::max(result.longest_stall_ns, hosts.environment.now_ns - progress_ns);
      }
      progress_ns = hosts.environment.now_ns;
      received = a.received() + b.received();
    }
    return !a.failure.empty() || !b.failure.empty() || (b.connection != nullptr && a.done() && b.done());
  });
  result.passed_ns = hosts.environment.now_ns - began_ns;
  if (!ended) result.failure = "not done after a day";
  if (!a.failure.empty()) result.failure = "a: " + a.failure;
  if (!b.failure.empty()) result.failure = "b: " + b.failure;
  a.connection->Release();
  if (b.connection != nullptr) b.connection->Release();
  listener.Close();
  hosts.faults = {};
  hosts.Run(2 * kUserTimeoutNs, [] { return false; });
  if (result.failure.empty()) result.failure = LeftBehind(hosts.a);
  if (result.failure.empty()) result.failure = LeftBehind(hosts.b);
  result.a = hosts.a.stack().tcp().counters();
  result.b = hosts.b.stack().tcp().counters();
  result.wire = hosts.counters;
  return result;
}

TransferOptions OptionsOfSeed(uint64_t seed, uint64_t max_bytes) {
  TestEnvironment dice(seed ^ 0x7472616e73666572);
  auto one_of = [&](auto&... values) {
    auto array = {values...};
    return *std::next(array.begin(), static_cast<ptrdiff_t>(dice.Random() % array.size()));
  };
  TransferOptions options;
  options.seed = seed;
  constexpr unsigned kLoss[] = {0, 10, 50, 200};
  options.faults.loss_permille = kLoss[dice.Random() % 4];
  options.faults.delay_ns = (1 + dice.Random() % 200) * kNsPerMs;
  if (dice.Random() % 2 == 0) options.faults.delay_ns = (1 + dice.Random() % 10) * kNsPerMs;
  if (dice.Random() % 2 == 0) options.faults.duplicate_permille = 50;
  if (dice.Random() % 2 == 0) options.faults.reorder_permille = 250;
  if (dice.Random() % 2 == 0) options.faults.corrupt_permille = 1;
  if (dice.Random() % 4 == 0) options.faults.queue_frames = 16;
  size_t small = 2 * kKiB, middle = 16 * kKiB, large = 128 * kKiB, huge = kMiB;
  options.limits.send_buffer_bytes = one_of(small, middle, large, huge);
  options.limits.receive_buffer_bytes = one_of(small, middle, large, huge);
  uint16_t narrow = 576, usual = 1500;
  options.mtu = one_of(narrow, usual, usual);
  unsigned bits = static_cast<unsigned>(std::bit_width(max_bytes));
  options.bytes_from_a = dice.Random() % (uint64_t{1} << dice.Random() % bits);
  options.bytes_from_b = dice.Random() % (uint64_t{1} << dice.Random() % bits);
  return options;
}

}  // namespace toro::net
