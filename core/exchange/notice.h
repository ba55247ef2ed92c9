// Notice: one CPU says something once, for ever, and every CPU may look whether it has.
//
// WHY. A channel is closed by its owner; who sends to it from elsewhere must learn of that without asking, since asking
// would cost every send a message each way. What has been said is a word that is written once and read before a send.
//
// INVARIANTS
//   I1. One CPU gives the notice. It is not taken back.
//   I2. Who takes a message that was sent after the notice was given sees it. So when another CPU has answered such a
//       message, whatever it does only while it sees no notice is before its answer.
//       tests/models/notice_* shows this, and that the notice must come before the message.
//
// MEMORY ORDER. Relaxed: no data passes by this word; the message orders it (exchange_slot.h, channel.h).
//
// COST. To look: one load, of a line that stays in the cache of who looks until the notice is given.
#ifndef CORE_EXCHANGE_NOTICE_H_
#define CORE_EXCHANGE_NOTICE_H_

#include <cstdint>

#include "core/exchange/atomics.h"

namespace toro {

template <typename Atomics = ProductAtomics>
class Notice {
 public:
  // Owner only (I1).
  void Give() { given_.StoreRelaxed(1); }

  // Any CPU.
  bool Given() const { return given_.LoadRelaxed() != 0; }

 private:
  typename Atomics::template Word<uint32_t> given_;
};

}  // namespace toro

#endif  // CORE_EXCHANGE_NOTICE_H_
