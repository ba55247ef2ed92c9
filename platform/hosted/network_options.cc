#include "platform/hosted/network_options.h"

#include <charconv>

namespace toro::hosted {
namespace {

bool ParsePort(std::string_view text, uint16_t& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

std::string ParseForward(std::string_view text, NetworkOptions& options) {
  NetworkOptions::Forward forward;
  std::string_view rest = text;
  forward.is_udp = rest.starts_with("udp:");
  if (forward.is_udp || rest.starts_with("tcp:")) rest.remove_prefix(4);
  size_t colon = rest.find(':');
  if (colon == rest.npos || !ParsePort(rest.substr(0, colon), forward.host_port) ||
      !ParsePort(rest.substr(colon + 1), forward.guest_port)) {
    return "--forward=" + std::string(text) + ": expected two ports, as 8080:80 or udp:5353:53";
  }
  options.forwards.push_back(forward);
  return "";
}

}  // namespace

bool ParseNetworkOption(std::string_view key, std::string_view text, NetworkOptions& options, std::string& error) {
  if (key == "--nic") {
    if (text != "e1000" && text != "e1000e") error = "--nic=" + std::string(text) + ": expected e1000 or e1000e";
    options.cards.emplace_back(text);
  } else if (key == "--forward") {
    error = ParseForward(text, options);
  } else if (key == "--tap") {
    if (text.empty() || text.size() > 15) error = "--tap=" + std::string(text) + ": expected the name of a tap device";
    options.tap = text;
  } else if (key == "--wire") {
    size_t comma = text.find(',');
    if (comma == text.npos || comma == 0 || comma + 1 == text.size()) {
      error = "--wire=" + std::string(text) + ": expected the paths of two sockets, HERE,THERE";
    } else {
      options.wire_here = text.substr(0, comma);
      options.wire_there = text.substr(comma + 1);
    }
  } else {
    return false;
  }
  return true;
}

std::string SettleNetwork(bool deterministic, NetworkOptions& options) {
  const int ends = !options.forwards.empty() + !options.tap.empty() + !options.wire_here.empty();
  if (ends > 1) return "--forward, --tap and --wire exclude each other: a wire has one other end";
  if (ends > 0 && options.cards.empty()) options.cards.emplace_back("e1000");
  if (!options.cards.empty() && deterministic) {
    return "--seed runs in virtual time, and a network outside of the process does not: leave out one of them";
  }
  return "";
}

}  // namespace toro::hosted
