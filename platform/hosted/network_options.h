// The network cards of a hosted kernel, from the command line, and what is at the other end of their wires.
#ifndef PLATFORM_HOSTED_NETWORK_OPTIONS_H_
#define PLATFORM_HOSTED_NETWORK_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace toro::hosted {

struct NetworkOptions {
  struct Forward {
    bool is_udp = false;
    uint16_t host_port = 0;
    uint16_t guest_port = 0;
  };
  std::vector<std::string> cards;  // "e1000" or "e1000e"
  // Where the first card's wire leads; without any of these, as for the others, to a network of its own.
  std::vector<Forward> forwards;  // ports of that network
  std::string tap;                // a tap device of this host
  std::string wire_here;          // a socket that frames come to, and the one that they are sent to
  std::string wire_there;
};

// --nic=CARD, --forward=[tcp:|udp:]PORT:PORT, --tap=NAME, --wire=HERE,THERE. False: `key` is none of these. `error` is
// empty, or says what is wrong.
bool ParseNetworkOption(std::string_view key, std::string_view text, NetworkOptions& options, std::string& error);

// Puts the options together. Returns an empty string, or what is wrong.
std::string SettleNetwork(bool deterministic, NetworkOptions& options);

// Connects the wires, before any CPU runs. Returns an empty string, or what is wrong. Weak: a program that dedicates no
// card has none.
[[gnu::weak]] std::string StartNetwork(const NetworkOptions& options);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_NETWORK_OPTIONS_H_
