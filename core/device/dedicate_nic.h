// DedicateNic: a network card becomes the calling CPU's.
//
// WHY a function of the platform. Which cards there are, how they are reached and how they interrupt is what worlds
// differ in: the bare machine looks at its buses and routes interrupts to the owner; the hosted world runs the same
// driver on a model of the card. An application that dedicates no card contains neither, and its boot looks for none.
#ifndef CORE_DEVICE_DEDICATE_NIC_H_
#define CORE_DEVICE_DEDICATE_NIC_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/device/nic.h"

namespace toro {

// Why there is no card, and what to do about it: one sentence without a full stop.
struct NicProblem {
  char text[240] = {};
  size_t length = 0;

  std::string_view view() const { return {text, length}; }

  // For who writes it; what does not fit is left out.
  void Add(std::string_view more) {
    for (size_t i = 0; i < more.size() && length < sizeof text; ++i) text[length++] = more[i];
  }
  void AddNumber(uint64_t number, unsigned base = 10, size_t least_digits = 1) {
    char digits[20];
    size_t count = 0;
    do {
      digits[count++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0 || count < least_digits);
    while (count > 0) Add({&digits[--count], 1});
  }
};

// The card `index`, counted from 0 in the order of the machine's buses, belongs to the calling CPU from now on, for
// ever: its rings are in this CPU's partition, and its interrupts arrive here. It receives into packets of `pool`,
// which must outlive it, and which should have some hundred packets by now. Null: `problem` says why.
//
// Thread context; waits for CPU 0, which owns the buses. Costs some milliseconds.
Nic* DedicateNic(size_t index, PacketPool& pool, NicProblem& problem);

}  // namespace toro

#endif  // CORE_DEVICE_DEDICATE_NIC_H_
