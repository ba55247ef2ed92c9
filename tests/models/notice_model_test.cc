// Notice, the product's own source, between two CPUs with a channel each way, as core/kernel/channel.cc uses it: the
// owner gives the notice, then asks; the sender sends while it sees no notice, and answers (I2 of notice.h).
#include "core/exchange/notice.h"

#include "core/exchange/channel.h"
#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

constexpr size_t kLines = 4;
using Ring = ChannelRing<kLines, ModelAtomics>;
using Sender = ChannelSender<kLines, ModelAtomics>;
using Receiver = ChannelReceiver<kLines, ModelAtomics>;

enum : uint64_t { kValue, kQuestion, kAnswer };

// What a twin moves.
struct Protocol {
  bool notice_first = true;  // the notice comes before the question
  bool look_at_send = true;  // each send looks for itself; else the sender has looked before it took the question
};

void Send(Sender& sender, uint64_t word) {
  ChannelLine<ModelAtomics>* line = sender.Open();
  Expect(line != nullptr, "the script sends no more than the channel holds");
  line->words[0].Set(word);
  sender.Publish(nullptr, 1);
}

uint64_t Take(Receiver& receiver) {
  Await("a line", [&receiver] { return receiver.HasLine(); });
  uint64_t word = 0;
  (void)receiver.TakeLine([&word](auto, const auto& line, auto) { word = line.words[0].Get(); });
  return word;
}

Setup Close(const Protocol& protocol) {
  return [=](Model& model) {
    auto& notice = model.Make<Notice<ModelAtomics>>("notice");
    auto& there = model.Make<Ring>("ring to the sender");
    auto& ended = model.Make<ModelAtomics::Word<uint32_t>>("ended");
    auto& back = model.Make<Ring>("ring to the owner");
    model.Thread("owner", [&notice, &there, &back, &ended, protocol] {
      Sender questions(&there);
      Receiver values(&back);
      if (protocol.notice_first) notice.Give();
      Send(questions, kQuestion);
      if (!protocol.notice_first) notice.Give();
      while (Take(values) != kAnswer) continue;
      Await("the end of the sender", [&ended] { return ended.LoadAcquire() != 0; });
      Expect(!values.HasLine(), "no value follows the answer, to be lost");
    });
    model.Thread("sender", [&notice, &there, &back, &ended, protocol] {
      Sender values(&back);
      Receiver questions(&there);
      if (!notice.Given()) Send(values, kValue);
      const bool seen_before = notice.Given();
      Expect(Take(questions) == kQuestion, "the question is whole");
      Send(values, kAnswer);
      const bool closed = protocol.look_at_send ? notice.Given() : seen_before;
      if (!closed) Send(values, kValue);
      ended.StoreRelease(1);
    });
  };
}

TEST(NoticeModel, NothingFollowsTheAnswer) { ProveEverywhere("notice", "2 CPUs, 2 sends, 1 question", Close({})); }

void RefuteEverywhere(const char* twin, const char* broken, const Protocol& protocol) {
  for (MemoryModel memory : {MemoryModel::kSc, MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute(twin, broken, memory, Verdict::kAssertion, Close(protocol));
  }
}

TEST(BadNoticeModel, TheNoticeComesBeforeTheQuestion) {
  RefuteEverywhere("bad_notice_late", "the notice is given after the question", {.notice_first = false});
}

TEST(BadNoticeModel, EachSendLooks) {
  RefuteEverywhere("bad_notice_stale", "a send goes by a look before the question", {.look_at_send = false});
}

}  // namespace
}  // namespace toro::model
