// NetWorld: a stack among hostile neighbours. Each operation is a frame, right or wrong in a way of its own, a step of
// the clock, or a call of the application. Whatever comes, every frame that the stack sends is well-formed, and
// afterwards every connection ends and every packet is back.
#ifndef TESTS_FUZZ_NET_WORLD_H_
#define TESTS_FUZZ_NET_WORLD_H_

#include <cstddef>
#include <cstdint>

#include "services/net/testing/frames.h"
#include "tests/fuzz/choices.h"

namespace fuzz {

class NetWorld {
 public:
  explicit NetWorld(Choices& choices);
  ~NetWorld();

  // Operations until the choices are used up; then everything ends.
  void Run();

 private:
  toro::net::Frame AnyBytes(size_t most);
  void Operate();
  void RawFrame();
  void AnyDatagram();
  void AnyArp();
  void TcpNearTheConnection();
  void AnyError();
  void Pass();
  void Call();
  void Receive(toro::net::Frame frame);
  // Looks at what the stack has sent.
  void Inspect();
  void EndEverything();

  Choices& choices_;
  toro::net::TestEnvironment environment_;
  toro::net::TestHost host_;
  toro::net::UdpPort udp_;
  toro::net::TcpListener listener_;
  toro::net::TcpConnection* connection_ = nullptr;
  uint16_t host_port_ = 80;
  uint32_t host_next_ = 0;  // as its last segment says
  uint32_t peer_next_ = 1000;
};

}  // namespace fuzz

#endif  // TESTS_FUZZ_NET_WORLD_H_
