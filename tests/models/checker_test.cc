// The checker itself against the litmus tests of the literature: which outcomes each memory model has, and has not.
#include "tests/models/checker.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/models/model_atomics.h"

namespace toro::model {
namespace {

using Word = ModelAtomics::Word<uint32_t>;
using Outcomes = std::set<std::string>;

struct Shared {
  Word x, y;
  ModelAtomics::Plain<uint32_t> plain;
};

// Threads store what they read into here; it is read when the last of them ends.
struct Registers {
  uint32_t value[4];
  size_t ended;
  ModelAtomics::Plain<uint64_t> kept[4];  // what a thread has read is forgotten when it has ended, but not memory
};

template <typename Body>
Outcomes OutcomesOf(MemoryModel memory, size_t threads, size_t registers, Body body) {
  Outcomes outcomes;
  Report report = Explore(memory, [&](Model& model) {
    Shared& shared = model.Make<Shared>("shared");
    Registers& got = model.Make<Registers>("registers");
    for (size_t i = 0; i < threads; ++i) {
      model.Thread({"thread", static_cast<int>(i)}, [&, i] {
        body(i, shared, got.value);
        uint64_t values = 0;
        for (uint32_t value : got.value) values = values << 8 | value;
        got.kept[i].Set(values);
        if (++got.ended < threads) return;
        char text[5] = {};
        for (size_t r = 0; r < registers; ++r) text[r] = static_cast<char>('0' + got.value[r]);
        outcomes.emplace(text);
      });
    }
  });
  EXPECT_TRUE(report.holds()) << report.message << "\n" << report.counterexample;
  return outcomes;
}

constexpr MemoryModel kAll[] = {MemoryModel::kSc, MemoryModel::kTso, MemoryModel::kCpp};

TEST(CheckerTest, StoreBufferingIsSeenExceptUnderSc) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    (me == 0 ? s.x : s.y).StoreRelease(1);
    r[me] = (me == 0 ? s.y : s.x).LoadAcquire();
  };
  EXPECT_EQ(OutcomesOf(MemoryModel::kSc, 2, 2, body), (Outcomes{"01", "10", "11"}));
  EXPECT_EQ(OutcomesOf(MemoryModel::kTso, 2, 2, body), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(OutcomesOf(MemoryModel::kCpp, 2, 2, body), (Outcomes{"00", "01", "10", "11"}));
}

TEST(CheckerTest, FencesForbidStoreBuffering) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    (me == 0 ? s.x : s.y).StoreRelaxed(1);
    ModelAtomics::FullFence();
    r[me] = (me == 0 ? s.y : s.x).LoadRelaxed();
  };
  for (MemoryModel memory : kAll) EXPECT_EQ(OutcomesOf(memory, 2, 2, body), (Outcomes{"01", "10", "11"}));
}

TEST(CheckerTest, OneFenceOfTwoIsNotEnough) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    (me == 0 ? s.x : s.y).StoreRelaxed(1);
    if (me == 0) ModelAtomics::FullFence();
    r[me] = (me == 0 ? s.y : s.x).LoadRelaxed();
  };
  EXPECT_TRUE(OutcomesOf(MemoryModel::kTso, 2, 2, body).contains("00"));
  EXPECT_TRUE(OutcomesOf(MemoryModel::kCpp, 2, 2, body).contains("00"));
}

TEST(CheckerTest, MessagePassingNeedsReleaseAndAcquireInCppOnly) {
  for (int relaxed = 0; relaxed < 3; ++relaxed) {  // 0: none, 1: the release, 2: the acquire
    auto body = [relaxed](size_t me, Shared& s, uint32_t* r) {
      if (me == 0) {
        s.x.StoreRelaxed(1);
        relaxed == 1 ? s.y.StoreRelaxed(1) : s.y.StoreRelease(1);
      } else {
        r[0] = relaxed == 2 ? s.y.LoadRelaxed() : s.y.LoadAcquire();
        r[1] = s.x.LoadRelaxed();
      }
    };
    EXPECT_FALSE(OutcomesOf(MemoryModel::kSc, 2, 2, body).contains("10"));
    EXPECT_FALSE(OutcomesOf(MemoryModel::kTso, 2, 2, body).contains("10"));
    EXPECT_EQ(OutcomesOf(MemoryModel::kCpp, 2, 2, body).contains("10"), relaxed != 0);
  }
}

TEST(CheckerTest, FencesMakeRelaxedAccessesPassMessages) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    if (me == 0) {
      s.x.StoreRelaxed(1);
      ModelAtomics::FullFence();
      s.y.StoreRelaxed(1);
    } else {
      r[0] = s.y.LoadRelaxed();
      ModelAtomics::FullFence();
      r[1] = s.x.LoadRelaxed();
    }
  };
  EXPECT_EQ(OutcomesOf(MemoryModel::kCpp, 2, 2, body), (Outcomes{"00", "01", "11"}));
}

TEST(CheckerTest, ReadsOfOneWordNeverGoBack) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    if (me == 0) {
      s.x.StoreRelaxed(1);
      s.x.StoreRelaxed(2);
    } else {
      r[0] = s.x.LoadRelaxed();
      r[1] = s.x.LoadRelaxed();
    }
  };
  for (MemoryModel memory : kAll) {
    EXPECT_EQ(OutcomesOf(memory, 2, 2, body), (Outcomes{"00", "01", "02", "11", "12", "22"}));
  }
}

TEST(CheckerTest, ReadersMayDisagreeAboutIndependentWritesInCppOnly) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    if (me == 0) s.x.StoreRelease(1);
    if (me == 1) s.y.StoreRelease(1);
    if (me == 2) r[0] = s.x.LoadAcquire(), r[1] = s.y.LoadAcquire();
    if (me == 3) r[2] = s.y.LoadAcquire(), r[3] = s.x.LoadAcquire();
  };
  EXPECT_FALSE(OutcomesOf(MemoryModel::kSc, 4, 4, body).contains("1010"));
  EXPECT_FALSE(OutcomesOf(MemoryModel::kTso, 4, 4, body).contains("1010"));
  EXPECT_TRUE(OutcomesOf(MemoryModel::kCpp, 4, 4, body).contains("1010"));
}

TEST(CheckerTest, OwnStoresAreSeenEarly) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    (me == 0 ? s.x : s.y).StoreRelaxed(1);
    r[2 * me] = (me == 0 ? s.x : s.y).LoadRelaxed();
    r[2 * me + 1] = (me == 0 ? s.y : s.x).LoadRelaxed();
  };
  Outcomes tso = OutcomesOf(MemoryModel::kTso, 2, 4, body);
  EXPECT_EQ(tso, (Outcomes{"1010", "1011", "1110", "1111"}));
}

TEST(CheckerTest, KnowledgePassesThroughAThirdThread) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    if (me == 0) s.plain.Set(7), s.x.StoreRelease(1);
    if (me == 1) {
      Await("x", [&s] { return s.x.LoadAcquire() != 0; });
      s.y.StoreRelease(1);
    }
    if (me == 2) {
      Await("y", [&s] { return s.y.LoadAcquire() != 0; });
      r[0] = s.plain.Get();
    }
  };
  for (MemoryModel memory : kAll) EXPECT_EQ(OutcomesOf(memory, 3, 1, body), (Outcomes{"7"}));
}

TEST(CheckerTest, AwaitMayBeSatisfiedByAnOldValueInCpp) {
  auto body = [](size_t me, Shared& s, uint32_t* r) {
    if (me == 0) {
      s.x.StoreRelaxed(1);
      s.x.StoreRelaxed(2);
    } else {
      Await("x", [&s, r] { return (r[0] = s.x.LoadRelaxed()) != 0; });
      r[1] = s.x.LoadRelaxed();
    }
  };
  for (MemoryModel memory : kAll) EXPECT_EQ(OutcomesOf(memory, 2, 2, body), (Outcomes{"11", "12", "22"}));
  // A value that is gone again wakes in C++ only: the other models may look too late, and then nobody comes.
  for (MemoryModel memory : kAll) {
    Report report = Explore(memory, [](Model& model) {
      Word& word = model.Make<Word>("pulse");
      model.Thread("pulse", [&word] {
        word.StoreRelaxed(1);
        word.StoreRelaxed(0);
      });
      model.Thread("waiter", [&word] { Await("the pulse", [&word] { return word.LoadRelaxed() != 0; }); });
    });
    EXPECT_EQ(report.verdict, Verdict::kLostWakeup);
  }
}

TEST(CheckerTest, WaitingForWhatNobodyDoesIsReported) {
  Report report = Explore(MemoryModel::kTso, [](Model& model) {
    Word& word = model.Make<Word>("flag");
    model.Thread("waiter", [&word] { Await("the flag", [&word] { return word.LoadAcquire() != 0; }); });
  });
  EXPECT_EQ(report.verdict, Verdict::kLostWakeup);
  EXPECT_EQ(report.message, "waiter waits for ever: the flag");
}

TEST(CheckerTest, CounterexampleNamesThreadWordAndValue) {
  Report report = Explore(MemoryModel::kTso, [](Model& model) {
    Word& word = model.Make<Word>("flag");
    model.Thread("writer", [&word] { word.StoreRelease(5); });
    model.Thread("reader", [&word] { Expect(word.LoadAcquire() == 0, "nobody sets the flag"); });
  });
  EXPECT_EQ(report.verdict, Verdict::kAssertion);
  EXPECT_EQ(report.message, "reader: nobody sets the flag");
  EXPECT_EQ(report.counterexample,
            "   1  writer     stores flag = 5\n"
            "   2  writer       (memory now has flag = 5)\n"
            "   3  reader     reads flag: 5\n"
            "   4  reader     -> assertion: nobody sets the flag\n");
}

TEST(CheckerTest, PlainWordSharedWithoutOrderIsARaceInEveryModel) {
  for (MemoryModel memory : kAll) {
    Report report = Explore(memory, [](Model& model) {
      Shared& shared = model.Make<Shared>("shared");
      model.Thread("a", [&shared] { shared.plain.Set(1); });
      model.Thread("b", [&shared] { shared.plain.Set(2); });
    });
    EXPECT_EQ(report.verdict, Verdict::kDataRace);
  }
}

TEST(CheckerTest, EndlessLoopIsReported) {
  Report report = Explore(MemoryModel::kSc, [](Model& model) {
    Word& word = model.Make<Word>("counter");
    model.Thread("counter", [&word] {
      for (;;) word.StoreRelaxed(word.LoadRelaxed() + 1);
    });
  });
  EXPECT_EQ(report.verdict, Verdict::kEndless);
}

}  // namespace
}  // namespace toro::model
