// Message: what travels by exchange slot. Embedded in the object that travels (a thread, a call record), never copied.
#ifndef CORE_EXCHANGE_MESSAGE_H_
#define CORE_EXCHANGE_MESSAGE_H_

#include "core/base/cpu_id.h"

namespace toro {

class Cpu;

// WHO OWNS IT. The sender until it is posted; then the exchange; from the moment at which `deliver` is called, the
// receiver, which may post it onward or let its true owner reuse it. IF YOU read `next` after `deliver`, you read
// memory that somebody else may own by now: TORO did, and crashed.
struct Message {
  // Runs on the receiving CPU in message context: on whatever stack is polling, so it must not block, and must be
  // brief.
  using Deliver = void (*)(Cpu& here, Message& message);

  Message* next = nullptr;
  Deliver deliver = nullptr;
};

}  // namespace toro

#endif  // CORE_EXCHANGE_MESSAGE_H_
