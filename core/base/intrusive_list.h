// Lists whose links live in the elements: no allocation, O(1) removal from the middle.
//
// INVARIANTS
//   I1. An element is in at most one list per link member.
//   I2. An element that is in no list has null links.
//   I3. One CPU touches a list and its elements.
#ifndef CORE_BASE_INTRUSIVE_LIST_H_
#define CORE_BASE_INTRUSIVE_LIST_H_

#include <cstddef>

#include "core/base/check.h"

namespace toro {

struct ListLink {
  ListLink* next = nullptr;
  ListLink* previous = nullptr;

  bool linked() const { return next != nullptr; }
};

// A FIFO of elements that derive from ListLink. The list itself is the sentinel of a ring.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() { root_.next = root_.previous = &root_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return root_.next == &root_; }
  T* front() { return empty() ? nullptr : static_cast<T*>(root_.next); }

  void PushBack(T& element) { InsertBefore(root_, element); }
  void PushFront(T& element) { InsertBefore(*root_.next, element); }

  // The element behind `element`, which is in this list; null for the last one.
  T* After(T& element) {
    ListLink& link = element;
    return link.next == &root_ ? nullptr : static_cast<T*>(link.next);
  }

  // Returns null when empty.
  T* PopFront() {
    T* element = front();
    if (element != nullptr) Remove(*element);
    return element;
  }

  static void Remove(T& element) {
    ListLink& link = element;
    TORO_CHECK(link.linked(), "removed an element that is in no list");
    link.previous->next = link.next;
    link.next->previous = link.previous;
    link.next = link.previous = nullptr;
  }

 private:
  static void InsertBefore(ListLink& position, T& element) {
    ListLink& link = element;
    TORO_CHECK(!link.linked(), "inserted an element that is in a list already");
    link.previous = position.previous;
    link.next = &position;
    position.previous->next = &link;
    position.previous = &link;
  }

  ListLink root_;
};

}  // namespace toro

#endif  // CORE_BASE_INTRUSIVE_LIST_H_
