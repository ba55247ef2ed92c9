// Outbox: messages for one other CPU that its slot had no room for yet. Private to the sender.
#ifndef CORE_EXCHANGE_OUTBOX_H_
#define CORE_EXCHANGE_OUTBOX_H_

#include "core/exchange/exchange_slot.h"

namespace toro {

template <typename Node>
class Outbox {
 public:
  bool empty() const { return head_ == nullptr; }

  void Append(Node& node) {
    node.next = nullptr;
    if (head_ == nullptr) {
      head_ = &node;
    } else {
      tail_->next = &node;
    }
    tail_ = &node;
  }

  // Everything that was appended, as a chain; null when empty.
  Node* TakeAll() {
    Node* chain = head_;
    head_ = nullptr;
    return chain;
  }

  // Hands everything over if the slot is free. True if something was published.
  template <typename Atomics>
  bool Publish(ExchangeSlot<Node, Atomics>& slot) {
    if (head_ == nullptr || !slot.Put(head_)) return false;
    head_ = nullptr;
    return true;
  }

 private:
  Node* head_ = nullptr;
  Node* tail_ = nullptr;  // meaningful while head_ is not null
};

}  // namespace toro

#endif  // CORE_EXCHANGE_OUTBOX_H_
