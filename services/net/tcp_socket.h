// TcpSocket and TcpServer: connections for threads that wait, a thread per connection.
//
// They belong to the CPU of their stack: used from another they stop the kernel with a report. What waits ends with
// kOk, kTimedOut, kCancelled, or with the reason why the connection has ended (TcpConnection::error).
//
// INVARIANTS
//   I1. One thread at a time waits for a socket.
//   I2. A socket that is destroyed has let go of its connection, which ends by itself.
#ifndef SERVICES_NET_TCP_SOCKET_H_
#define SERVICES_NET_TCP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/sched/semaphore.h"
#include "services/net/stack.h"

namespace toro::net {

class TcpServer {
 public:
  TcpServer() = default;
  ~TcpServer() { Close(); }

  // See TcpListener::Listen.
  Status Listen(NetStack& stack, uint16_t port, size_t backlog);
  void Close() { listener_.Close(); }

 private:
  friend class TcpSocket;

  static void OnChange(void* self) { static_cast<TcpServer*>(self)->changed_.Set(); }

  TcpListener listener_;
  Event changed_;
};

class TcpSocket {
 public:
  TcpSocket() = default;
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;
  ~TcpSocket() { Close(); }

  // Waits for a connection of `server`. The socket must be closed.
  Status Accept(TcpServer& server, uint64_t deadline_ns = kNever);
  // Opens a connection and waits until it is. See TcpLayer::Connect for what else it may be. The socket must be closed.
  Status Connect(NetStack& stack, const Endpoint& to, uint64_t deadline_ns = kNever);

  // Waits for data and copies what is there, at least one byte; 0: the peer has ended its stream.
  Result<size_t> Receive(std::span<uint8_t> bytes, uint64_t deadline_ns = kNever);
  // Waits for data and shows the first of it as it lies, valid until the next call of this socket; empty: the end.
  Result<std::span<const uint8_t>> Peek(uint64_t deadline_ns = kNever);
  // Drops the first `bytes` of what Peek showed.
  void Consume(size_t bytes);

  // Waits until everything is taken; that it arrives is not said. kClosed: nothing can be sent any more.
  Status Send(std::span<const uint8_t> bytes, uint64_t deadline_ns = kNever);

  // Nothing more will be sent. What comes can still be received.
  void Finish();
  // Lets go; what was sent still arrives. No effect on a closed socket.
  void Close();

  // Null: closed.
  TcpConnection* connection() { return connection_; }

 private:
  friend Result<size_t> Select(std::span<TcpSocket* const> sockets, uint64_t deadline_ns);

  static void OnChange(void* self) { static_cast<TcpSocket*>(self)->changed_.Set(); }
  void Take(TcpConnection* connection);
  void HandleChanges() { connection_->SetHandler(&OnChange, this); }
  template <typename Ready>
  static Status Await(Event& changed, uint64_t deadline_ns, Ready ready);
  Status AwaitData(uint64_t deadline_ns);

  TcpConnection* connection_ = nullptr;
  Event changed_;
};

// Waits until one of `sockets` has data, an end or an error, and returns which; kTimedOut, kCancelled.
// `sockets`: open ones, of one CPU, for which nobody else waits.
Result<size_t> Select(std::span<TcpSocket* const> sockets, uint64_t deadline_ns = kNever);

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_SOCKET_H_
