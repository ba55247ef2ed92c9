#include "core/exchange/channel.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace toro {
namespace {

void Handler(Cpu&, CpuId, const uint64_t*, size_t) {}
void OtherHandler(Cpu&, CpuId, const uint64_t*, size_t) {}

template <size_t Lines>
struct Pair {
  std::unique_ptr<ChannelRing<Lines>> ring = std::make_unique<ChannelRing<Lines>>();
  ChannelSender<Lines> sender{ring.get()};
  ChannelReceiver<Lines> receiver{ring.get()};

  bool Send(uint64_t word, ChannelHandler handler = &Handler) {
    ChannelLine<>* line = sender.Open();
    if (line == nullptr) return false;
    line->words[0].Set(word);
    sender.Publish(handler, 1);
    return true;
  }
  // The first word of the next line, or ~0 when there is none.
  uint64_t Receive() {
    uint64_t word = ~uint64_t{0};
    receiver.TakeLine([&](ChannelHandler, const ChannelLine<>& line, size_t) { word = line.words[0].Get(); });
    return word;
  }
};

TEST(ChannelTest, NewChannelIsEmptyAndAllTaken) {
  Pair<4> pair;
  EXPECT_FALSE(pair.receiver.HasLine());
  EXPECT_EQ(pair.Receive(), ~uint64_t{0});
  EXPECT_TRUE(pair.sender.AllTaken());
}

TEST(ChannelTest, LineArrivesWithItsHandlerCountAndWords) {
  Pair<4> pair;
  for (size_t count = 1; count <= kChannelWords; ++count) {
    ChannelLine<>* line = pair.sender.Open();
    ASSERT_NE(line, nullptr);
    for (size_t i = 0; i < count; ++i) line->words[i].Set(100 * count + i);
    ChannelHandler handler = count % 2 == 0 ? &Handler : &OtherHandler;
    pair.sender.Publish(handler, count);
    EXPECT_TRUE(pair.receiver.HasLine());
    bool taken = pair.receiver.TakeLine([&](ChannelHandler h, const ChannelLine<>& got, size_t n) {
      EXPECT_EQ(h, handler);
      ASSERT_EQ(n, count);
      for (size_t i = 0; i < n; ++i) EXPECT_EQ(got.words[i].Get(), 100 * count + i);
    });
    EXPECT_TRUE(taken);
    EXPECT_FALSE(pair.receiver.HasLine());
  }
}

TEST(ChannelTest, OpenReturnsTheSameLineUntilPublish) {
  Pair<4> pair;
  ChannelLine<>* line = pair.sender.Open();
  EXPECT_EQ(pair.sender.Open(), line);
  pair.sender.Publish(&Handler, 1);
  EXPECT_NE(pair.sender.Open(), line);
}

TEST(ChannelTest, FullChannelRefusesUntilCreditIsReturned) {
  Pair<8> pair;  // credit every 2 lines
  for (uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(pair.Send(i));
  EXPECT_FALSE(pair.Send(8));
  EXPECT_EQ(pair.Receive(), 0u);
  EXPECT_FALSE(pair.Send(8)) << "one line taken is less than a credit stride";
  EXPECT_EQ(pair.Receive(), 1u);
  EXPECT_TRUE(pair.Send(8));
  EXPECT_TRUE(pair.Send(9));
  EXPECT_FALSE(pair.Send(10));
  for (uint64_t i = 2; i < 10; ++i) EXPECT_EQ(pair.Receive(), i);
  EXPECT_FALSE(pair.receiver.HasLine());
}

TEST(ChannelTest, AllTakenIsTrueAfterTheReceiverReturnsItsCredit) {
  Pair<8> pair;
  ASSERT_TRUE(pair.Send(1));
  EXPECT_FALSE(pair.sender.AllTaken());
  EXPECT_EQ(pair.Receive(), 1u);
  EXPECT_FALSE(pair.sender.AllTaken()) << "less than a stride is not returned by itself";
  pair.receiver.ReturnCredit();
  EXPECT_TRUE(pair.sender.AllTaken());
}

// The lap has 13 bits: beyond 8192 fillings an old line must not look new, nor a new one old.
TEST(ChannelTest, LapCounterWrapsWithoutLosingALine) {
  Pair<2> pair;
  for (uint64_t i = 0; i < 2 * 8192 * 2 + 5; ++i) {
    ASSERT_FALSE(pair.receiver.HasLine()) << i;
    ASSERT_TRUE(pair.Send(i)) << i;
    ASSERT_EQ(pair.Receive(), i);
  }
}

TEST(ChannelTest, LayoutKeepsTheCreditAwayFromTheLines) {
  static_assert(sizeof(ChannelLine<>) == kCacheLineBytes);
  using Ring = ChannelRing<8>;
  static_assert(alignof(Ring) == kSharedStrideBytes && sizeof(Ring) == 8 * 64 + 128);
  Ring ring;
  EXPECT_GE(reinterpret_cast<uintptr_t>(&ring.credit) - reinterpret_cast<uintptr_t>(&ring.lines[7]), 64u);
}

// Two real CPUs. Meant for TSan too.
TEST(ChannelTest, TwoThreadsHandOverEveryLineInOrder) {
  constexpr uint64_t kMessages = 200'000;
  Pair<16> pair;
  std::thread sender([&] {
    for (uint64_t i = 0; i < kMessages; ++i) {
      while (!pair.Send(i)) std::this_thread::yield();
    }
  });
  uint64_t wrong = 0;
  for (uint64_t received = 0; received < kMessages;) {
    uint64_t word = pair.Receive();
    if (word == ~uint64_t{0}) {
      std::this_thread::yield();
    } else {
      wrong += word != received++;
    }
  }
  sender.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_FALSE(pair.receiver.HasLine());
  pair.receiver.ReturnCredit();
  EXPECT_TRUE(pair.sender.AllTaken());
}

}  // namespace
}  // namespace toro
