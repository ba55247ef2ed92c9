#include "services/net/tcp_socket.h"

namespace toro::net {

Status TcpServer::Listen(NetStack& stack, uint16_t port, size_t backlog) {
  stack.CheckOwner();
  Status status = listener_.Listen(stack.tcp(), port, backlog);
  listener_.SetHandler(&OnChange, this);
  return status;
}

template <typename Ready>
Status TcpSocket::Await(Event& changed, uint64_t deadline_ns, Ready ready) {
  while (!ready()) {
    changed.Reset();
    Status status = changed.Wait(deadline_ns);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

void TcpSocket::Take(TcpConnection* connection) {
  TORO_CHECK(connection_ == nullptr, "opened a socket that is open; close it first");
  connection_ = connection;
  HandleChanges();
}

Status TcpSocket::Accept(TcpServer& server, uint64_t deadline_ns) {
  TcpConnection* connection = nullptr;
  Status status = Await(server.changed_, deadline_ns, [&] {
    connection = server.listener_.Accept();
    return connection != nullptr;
  });
  if (status == Status::kOk) Take(connection);
  return status;
}

Status TcpSocket::Connect(NetStack& stack, const Endpoint& to, uint64_t deadline_ns) {
  stack.CheckOwner();
  Result<TcpConnection*> connection = stack.tcp().Connect(to);
  if (!connection.ok()) return connection.status();
  Take(connection.value());
  Status status = Await(changed_, deadline_ns,
                        [this] { return connection_->IsConnected() || connection_->state() == TcpState::kClosed; });
  if (status == Status::kOk) status = connection_->error();
  if (status != Status::kOk) Close();
  return status;
}

Status TcpSocket::AwaitData(uint64_t deadline_ns) {
  TORO_CHECK(connection_ != nullptr, "received from a socket that is not open");
  Status status = Await(changed_, deadline_ns, [this] { return connection_->Readable() > 0 || connection_->AtEnd(); });
  if (status == Status::kOk && connection_->Readable() == 0) status = connection_->error();
  return status;
}

Result<size_t> TcpSocket::Receive(std::span<uint8_t> bytes, uint64_t deadline_ns) {
  Status status = AwaitData(deadline_ns);
  if (status != Status::kOk) return status;
  return connection_->Read(bytes);
}

Result<std::span<const uint8_t>> TcpSocket::Peek(uint64_t deadline_ns) {
  Status status = AwaitData(deadline_ns);
  if (status != Status::kOk) return status;
  return connection_->Front();
}

void TcpSocket::Consume(size_t bytes) {
  TORO_CHECK(connection_ != nullptr, "consumed data of a socket that is not open");
  connection_->Consume(bytes);
}

Status TcpSocket::Send(std::span<const uint8_t> bytes, uint64_t deadline_ns) {
  TORO_CHECK(connection_ != nullptr, "sent on a socket that is not open");
  while (!bytes.empty()) {
    Status status =
        Await(changed_, deadline_ns, [this] { return connection_->Writable() > 0 || !connection_->CanSend(); });
    if (status != Status::kOk) return status;
    if (connection_->Writable() == 0)
      return connection_->error() != Status::kOk ? connection_->error() : Status::kClosed;
    size_t taken = connection_->Write(bytes);
    if (taken == 0) return Status::kOutOfMemory;
    bytes = bytes.subspan(taken);
  }
  return Status::kOk;
}

void TcpSocket::Finish() {
  TORO_CHECK(connection_ != nullptr, "finished a socket that is not open");
  connection_->Finish();
}

void TcpSocket::Close() {
  if (connection_ == nullptr) return;
  changed_.Reset();
  std::exchange(connection_, nullptr)->Release();
}

Result<size_t> Select(std::span<TcpSocket* const> sockets, uint64_t deadline_ns) {
  Event changed;
  auto on_change = [](void* event) { static_cast<Event*>(event)->Set(); };
  for (TcpSocket* socket : sockets) socket->connection()->SetHandler(on_change, &changed);
  Status status = Status::kOk;
  size_t found = sockets.size();
  while (status == Status::kOk) {
    for (found = 0; found < sockets.size(); ++found) {
      TcpConnection& connection = *sockets[found]->connection();
      if (connection.Readable() > 0 || connection.AtEnd()) break;
    }
    if (found < sockets.size()) break;
    changed.Reset();
    status = changed.Wait(deadline_ns);
  }
  for (TcpSocket* socket : sockets) socket->HandleChanges();
  if (status != Status::kOk) return status;
  return found;
}

}  // namespace toro::net
