// ExchangeSlot: hands a chain of nodes from one CPU to one other with one store.
//
// WHY. One slot per ordered pair of CPUs. Null or not null says whose turn it is, so there is no index to share,
// nothing to lock, and no read-modify-write. A publish hands over a whole chain: a slow receiver costs the sender bytes
// in its outbox, never time.
//
// INVARIANTS
//   I1. Null: the sender owns the slot. Not null: the receiver owns it.
//   I2. Only the sender stores a non-null value, and only when it has seen null. Only the receiver stores null, and
//       only when it has seen a chain.
//   I3. A node belongs to the receiver from the publish on. The sender does not touch it again.
//   I4. The chain is FIFO: first posted, first in the chain.
//   I5. The receiver empties the slot before it walks the chain: its work does not hold the sender up.
//
// MEMORY ORDER
//   Put stores with release and Take loads with acquire: what the sender wrote into the nodes is visible to the
//   receiver. The sender's load of null needs no acquire: it reads nothing that the receiver wrote. The receiver's
//   store of null needs no release for the same reason: nothing passes from receiver to sender by a slot. IF YOU let a
//   sender reuse a node because the slot is null again, this edge must become release and acquire, and that is not
//   enough: the null must also be stored after the walk, which breaks I5 (tests/models, bad_slot_reuse*).
//   HasChain and Taken need no acquire: who acts on them loads again, by Take and Put.
//
// COST. One load and one store on each side; one line travels each way per hand-over. Held by tools/check_disassembly.
#ifndef CORE_EXCHANGE_EXCHANGE_SLOT_H_
#define CORE_EXCHANGE_EXCHANGE_SLOT_H_

#include "core/base/units.h"
#include "core/exchange/atomics.h"

namespace toro {

template <typename Node, typename Atomics = KernelAtomics>
class alignas(kSharedStrideBytes) ExchangeSlot {
 public:
  // Sender only. False: the receiver has not taken the last chain yet, and `chain` stays with the sender.
  bool Put(Node* chain) {
    if (head_.LoadRelaxed() != nullptr) return false;
    head_.StoreRelease(chain);
    return true;
  }

  // Receiver only. The chain, or null when there is none.
  Node* Take() {
    Node* chain = head_.LoadAcquire();
    if (chain != nullptr) head_.StoreRelaxed(nullptr);
    return chain;
  }

  // Sender only: has the receiver taken everything that was put?
  bool Taken() const { return head_.LoadRelaxed() == nullptr; }

  // Receiver only, on its way to sleep: is there something to take?
  bool HasChain() const { return head_.LoadRelaxed() != nullptr; }

 private:
  typename Atomics::template Word<Node*> head_;
};

}  // namespace toro

#endif  // CORE_EXCHANGE_EXCHANGE_SLOT_H_
