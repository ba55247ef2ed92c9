// Scripts: exchanges of packets as text, with times; docs/network.md describes the language.
#ifndef SERVICES_NET_TESTING_SCRIPT_H_
#define SERVICES_NET_TESTING_SCRIPT_H_

#include <string>

namespace toro::net {

// Plays a script against a host. Returns what went differently, with the number of the line; empty: nothing.
std::string RunScript(const std::string& text);

}  // namespace toro::net

#endif  // SERVICES_NET_TESTING_SCRIPT_H_
