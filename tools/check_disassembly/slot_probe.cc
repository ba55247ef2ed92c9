// Instantiates the exchange slot as a caller would, for check_disassembly to count its memory accesses.
#include "core/exchange/exchange_slot.h"

namespace toro {

struct ProbeNode {
  ProbeNode* next;
};

extern "C" bool ProbeSlotPut(ExchangeSlot<ProbeNode>* slot, ProbeNode* chain) { return slot->Put(chain); }

extern "C" ProbeNode* ProbeSlotTake(ExchangeSlot<ProbeNode>* slot) { return slot->Take(); }

}  // namespace toro
