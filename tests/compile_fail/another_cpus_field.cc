// EXPECT: writing variable 'frames' requires holding CPU 'card.owner' exclusively
#include <cstdint>

#include "core/kernel/cpu.h"

// What a driver or a service keeps for one CPU says so, and the rule is the same.
struct Card {
  toro::Cpu& owner;
  uint64_t frames TORO_OWNED_BY(owner) = 0;
};
void Count(Card& card) { ++card.frames; }
