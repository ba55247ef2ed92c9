#include "platform/baremetal/cpu/jitter.h"

#include <gtest/gtest.h>

#include <set>

namespace toro::baremetal {
namespace {

// A counter in the way of a machine that boots: the same start, and accesses whose times vary by one cycle.
class Machine {
 public:
  explicit Machine(uint64_t jitter) : jitter_(jitter) {}
  uint64_t Gather() {
    return GatherJitter([this] { return now_ += 20; },
                        [this] {
                          now_ += 1000 + (jitter_ & 1);
                          jitter_ = jitter_ >> 1 | jitter_ << 63;
                        });
  }

 private:
  uint64_t now_ = 1'000'000;
  uint64_t jitter_;
};

TEST(JitterTest, TenThousandBootsThatDifferByOneBitOfTimePerAccessGetDifferentWords) {
  std::set<uint64_t> words;
  for (uint64_t boot = 0; boot < 10'000; ++boot) words.insert(Machine(Mix(boot)).Gather());
  EXPECT_EQ(words.size(), 10'000u);
}

TEST(JitterTest, EveryAccessCounts) {
  std::set<uint64_t> words;
  for (int bit = 0; bit < 64; ++bit) words.insert(Machine(uint64_t{1} << bit).Gather());
  words.insert(Machine(0).Gather());
  EXPECT_EQ(words.size(), 65u);
}

TEST(JitterTest, HalfOfTheBitsDifferBetweenTwoBoots) {
  int bits = 0;
  for (uint64_t boot = 0; boot < 1000; ++boot) {
    bits += __builtin_popcountll(Machine(Mix(boot)).Gather() ^ Machine(Mix(boot + 1)).Gather());
  }
  EXPECT_NEAR(bits / 1000.0, 32.0, 1.0);
}

}  // namespace
}  // namespace toro::baremetal
