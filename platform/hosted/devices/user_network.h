// A network without privileges at the other end of a wire: libslirp, in a process of its own.
//
// WHY a process. The library waits in poll and takes memory as it likes; a CPU of the kernel can do neither for it. And
// what a frame makes it do wrong does not happen in the memory of the kernel. It ends with its parent.
#ifndef PLATFORM_HOSTED_DEVICES_USER_NETWORK_H_
#define PLATFORM_HOSTED_DEVICES_USER_NETWORK_H_

#include <string>

#include "platform/hosted/network_options.h"

namespace toro::hosted {

// Starts it at `socket`, which carries a frame per packet. The first packet that comes from it is an error message, or
// one zero byte when it runs. Before any other thread. Returns an empty string, or why it could not be started.
std::string StartUserNetwork(int socket, const NetworkOptions& options, bool with_forwards);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_DEVICES_USER_NETWORK_H_
