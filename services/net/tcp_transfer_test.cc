// Whole transfers between two stacks over a wire with faults.
#include <gtest/gtest.h>

#include "services/net/testing/transfer.h"

namespace toro::net {
namespace {

TEST(TcpTransferTest, CleanWireNeedsNoRetransmissionAndNoWaiting) {
  for (uint64_t bytes : {0, 1, 100, 1460, 1461, 65536, 1000000}) {
    TransferOptions options;
    options.faults.queue_frames = 100000;
    options.bytes_from_a = options.bytes_from_b = bytes;
    TransferResult result = RunTransfer(options);
    EXPECT_EQ(result.failure, "") << bytes;
    EXPECT_EQ(result.a.resent + result.b.resent + result.a.timeouts + result.b.timeouts, 0u) << bytes;
    EXPECT_LE(result.longest_stall_ns, 2 * options.faults.delay_ns + kDelayedAckNs + kNsPerMs) << bytes;
  }
}

TEST(TcpTransferTest, SameSeedGivesTheSameRun) {
  TransferOptions options = OptionsOfSeed(7, 100000);
  options.bytes_from_a = 100000;
  options.faults.loss_permille = 50;
  TransferResult one = RunTransfer(options);
  TransferResult other = RunTransfer(options);
  EXPECT_EQ(one.failure, "");
  EXPECT_EQ(one.passed_ns, other.passed_ns);
  EXPECT_EQ(one.wire.frames, other.wire.frames);
  EXPECT_GT(one.wire.lost, 0u);
}

TEST(TcpTransferTest, EveryByteArrivesWhateverTheWireDoes) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    TransferResult result = RunTransfer(OptionsOfSeed(seed, 200000));
    EXPECT_EQ(result.failure, "") << "seed " << seed;
    EXPECT_LE(result.longest_stall_ns, 2 * RetransmissionTimeout::kMaxNs) << "seed " << seed;
  }
}

TEST(TcpTransferTest, LossIsRepairedWithoutTimeoutsWhenMuchIsOnItsWay) {
  TransferOptions options;
  options.faults.loss_permille = 10;
  options.faults.delay_ns = 20 * kNsPerMs;
  options.bytes_from_a = 4000000;
  TransferResult result = RunTransfer(options);
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.a.fast_recoveries, 10u);
  EXPECT_LT(result.a.timeouts, result.a.fast_recoveries / 2);
  // Only what was lost is sent again [rfc6675]; a few losses are acknowledgments.
  EXPECT_LT(result.a.resent, result.wire.lost * 5 / 4);
}

}  // namespace
}  // namespace toro::net
