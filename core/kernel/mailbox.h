// Mailbox<T>: an unbounded Channel that is never closed, so that Receive gives the value itself.
#ifndef CORE_KERNEL_MAILBOX_H_
#define CORE_KERNEL_MAILBOX_H_

#include <utility>

#include "core/kernel/channel.h"

namespace toro {

inline namespace TORO_UNWINDING {  // cancel.h, I3

template <typename T>
class Mailbox : Channel<T> {
 public:
  Mailbox() = default;

  using Channel<T>::empty;
  using Channel<T>::owner;

  // kOutOfMemory: the partition of the sending CPU has no room for a box. kIsolated: as Channel. Thread or message
  // context of any CPU.
  Status Send(T value) { return Channel<T>::Send(std::move(value)); }

  // The next value; waits for it. A cancel ends the thread, where it can (cancel.h); else it goes on waiting. Thread of
  // the owner.
  T Receive() {
    if (cancel_internal::kUnwinds) {
      Result<T> value = Channel<T>::Receive(kNever, this->ReceiverUnwinds());
      if (value.ok()) return std::move(value.value());
      EndIfCancelled();
    }
    Result<T> value = Channel<T>::Receive(kNever, false);
    return std::move(value.value());
  }
};

}  // namespace TORO_UNWINDING
}  // namespace toro

#endif  // CORE_KERNEL_MAILBOX_H_
