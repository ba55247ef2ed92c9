// Channel, the product's own source, in every order (invariants I1..I4 of core/exchange/channel.h).
#include "core/exchange/channel.h"

#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

template <size_t Lines>
using Ring = ChannelRing<Lines, ModelAtomics>;
template <size_t Lines>
using Sender = ChannelSender<Lines, ModelAtomics>;
template <size_t Lines>
using Receiver = ChannelReceiver<Lines, ModelAtomics>;

const ChannelHandler kHandler = reinterpret_cast<ChannelHandler>(uintptr_t{0x401000});

template <size_t Lines>
Ring<Lines>& MakeRing(Model& model) {
  auto& ring = model.Make<Ring<Lines>>("ring");
  for (size_t i = 0; i < Lines; ++i) {
    int line = static_cast<int>(i);
    model.Name(ring.lines[i].words, {"words", line});
    model.Name(ring.lines[i].control, {"control", line});
  }
  model.Name(ring.credit, "credit");
  return ring;
}

template <size_t Lines>
void SendWord(Ring<Lines>& ring, Sender<Lines>& sender, uint64_t word, bool write_late = false) {
  ChannelLine<ModelAtomics>* line = sender.Open();
  if (line == nullptr) {
    // A sender that waits looks at its channel until there is room; the credit is the only word that can tell it.
    uint64_t seen = word - Lines;  // lines published, less a ringful: the credit that it knows
    Await("credit", [&ring, seen] { return ring.credit.taken.LoadRelaxed() > seen; });
    line = sender.Open();
  }
  Expect(line != nullptr, "returned credit is room");
  if (!write_late) line->words[0].Set(1000 + word);
  sender.Publish(kHandler, 1);
  if (write_late) line->words[0].Set(1000 + word);
}

// What the receiver does with one line, beside reading it. `poll`: it first looks whether there is one; each such look
// doubles the states, so long streams go without.
enum class During { kRead, kReturnCredit };

template <size_t Lines>
void ReceiveWord(Receiver<Lines>& receiver, uint64_t word, During during = During::kRead, bool poll = true) {
  auto take = [&](ChannelHandler handler, const ChannelLine<ModelAtomics>& line, size_t count) {
    if (during == During::kReturnCredit) receiver.ReturnCredit();
    Expect(handler == kHandler && count == 1, "the control word arrives whole");
    Expect(line.words[0].Get() == 1000 + word, "published first, handled first, nothing dropped (I4)");
  };
  if (poll && receiver.TakeLine(take)) return;
  Await("a line", [&receiver] { return receiver.HasLine(); });
  Expect(receiver.TakeLine(take), "a line that was seen stays until it is taken (I1)");
}

template <size_t Lines>
Setup Stream(uint64_t messages, bool poll = true, bool write_late = false, During during = During::kRead) {
  return [=](Model& model) {
    auto& ring = MakeRing<Lines>(model);
    model.Thread("sender", [&ring, messages, write_late] {
      Sender<Lines> sender(&ring);
      for (uint64_t i = 0; i < messages; ++i) SendWord(ring, sender, i, write_late);
      Await("everything to be taken", [&] { return sender.AllTaken(); });
    });
    model.Thread("receiver", [&ring, messages, during, poll] {
      Receiver<Lines> receiver(&ring);
      for (uint64_t i = 0; i < messages; ++i) ReceiveWord(receiver, i, during, poll);
      Expect(!receiver.HasLine(), "an old line does not look new (I1)");
      receiver.ReturnCredit();
    });
  };
}

TEST(ChannelModel, LinesArriveInOrderWhileTheRingWraps) {
  ProveEverywhere("channel", "2 CPUs, 2 lines, 5 messages", Stream<2>(5));
  ProveEverywhere("channel", "2 CPUs, 1 line, 3 messages", Stream<1>(3));
}

TEST(ChannelModel, CreditInStridesLeavesNoSenderWaiting) {
  static_assert(Ring<8>::kCreditStride == 2);
  ProveEverywhere("channel", "2 CPUs, 8 lines (credit stride 2), 11 messages", Stream<8>(11, false));
}

void BothDirections(Model& model) {
  auto& there = model.Make<Ring<1>>("ring 0->1");
  auto& back = model.Make<Ring<1>>("ring 1->0");
  for (int me = 0; me < 2; ++me) {
    model.Thread({"cpu", me}, [&there, &back, me] {
      Sender<1> sender(me == 0 ? &there : &back);
      Receiver<1> receiver(me == 0 ? &back : &there);
      uint64_t sent = 0, received = 0;
      while (sent < 2 || received < 2) {  // a CPU that waits for room takes meanwhile: both wait for the other
        if (sent < 2 && sender.Open() != nullptr) SendWord(me == 0 ? there : back, sender, sent++);
        if (receiver.HasLine()) ReceiveWord(receiver, received++);
        if (sent == 2 && received == 2) break;
        Await("room or a line", [&] {
          if (received < 2 && receiver.HasLine()) return true;
          return sent < 2 && (me == 0 ? there : back).credit.taken.LoadRelaxed() >= sent;
        });
      }
    });
  }
}

TEST(ChannelModel, TwoFullChannelsInOppositeDirectionsDrain) {
  ProveEverywhere("channel", "2 CPUs, both directions, 1 line, 2 messages each", BothDirections);
}

Setup Weakened(bool credit, Weaken what) {
  return [=](Model& model) {
    Stream<2>(3)(model);
    auto& ring = *static_cast<Ring<2>*>(model.Find("ring"));
    if (credit) {
      model.WeakenOrder(ring.credit, what);
    } else {
      model.WeakenOrder(ring.lines, what);
    }
  };
}

TEST(BadChannelModel, EveryOrderIsNeeded) {
  Refute("bad_channel_publish_relaxed", "control word: release -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(false, Weaken::kReleaseToRelaxed));
  Refute("bad_channel_take_relaxed", "control word: acquire -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(false, Weaken::kAcquireToRelaxed));
  Refute("bad_channel_credit_release", "credit: release -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(true, Weaken::kReleaseToRelaxed));
  Refute("bad_channel_credit_acquire", "credit: acquire -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(true, Weaken::kAcquireToRelaxed));
}

TEST(BadChannelModel, WordsWrittenAfterPublishAreARace) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_channel_write_late", "a word is written after Publish", memory, Verdict::kDataRace,
           Stream<2>(3, true, true));
  }
}

TEST(BadChannelModel, CreditReturnedInsideTheHandlerGivesItsLineAway) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_channel_credit_early", "credit is returned while the handler still reads", memory, Verdict::kDataRace,
           Stream<2>(3, true, false, During::kReturnCredit));
  }
}

// A sender that does not look at the credit.
void Overrun(Model& model) {
  auto& ring = MakeRing<2>(model);
  model.Thread("sender", [&ring] {
    for (uint64_t i = 0; i < 3; ++i) {
      ChannelLine<ModelAtomics>& line = ring.lines[i % 2];
      line.words[0].Set(1000 + i);
      line.control.StoreRelease((i / 2 + 1) << 51 | uint64_t{1} << 48 | reinterpret_cast<uint64_t>(kHandler));
    }
  });
  model.Thread("receiver", [&ring] {
    Receiver<2> receiver(&ring);
    for (uint64_t i = 0; i < 3; ++i) ReceiveWord(receiver, i);
  });
}

TEST(BadChannelModel, SenderThatIgnoresTheCreditOverruns) {
  Refute("bad_channel_overrun", "the sender does not look at the credit (I2)", MemoryModel::kTso, Verdict::kDataRace,
         Overrun);
  Refute("bad_channel_overrun", "the sender does not look at the credit (I2)", MemoryModel::kCpp, Verdict::kLostWakeup,
         Overrun);
}

}  // namespace
}  // namespace toro::model
