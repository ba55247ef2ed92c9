#include "core/exchange/exchange_slot.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

#include "core/exchange/outbox.h"

namespace toro {
namespace {

struct Node {
  Node* next = nullptr;
  uint64_t value = 0;
};

TEST(ExchangeSlotTest, NewSlotBelongsToTheSender) {
  ExchangeSlot<Node> slot;
  EXPECT_TRUE(slot.Taken());
  EXPECT_FALSE(slot.HasChain());
  EXPECT_EQ(slot.Take(), nullptr);
}

TEST(ExchangeSlotTest, TakeReturnsWhatWasPutAndEmptiesTheSlot) {
  ExchangeSlot<Node> slot;
  Node node;
  EXPECT_TRUE(slot.Put(&node));
  EXPECT_TRUE(slot.HasChain());
  EXPECT_FALSE(slot.Taken());
  EXPECT_EQ(slot.Take(), &node);
  EXPECT_TRUE(slot.Taken());
  EXPECT_EQ(slot.Take(), nullptr);
}

TEST(ExchangeSlotTest, PutOnFullSlotLeavesChainWithSender) {
  ExchangeSlot<Node> slot;
  Node first, second;
  ASSERT_TRUE(slot.Put(&first));
  EXPECT_FALSE(slot.Put(&second));
  EXPECT_EQ(slot.Take(), &first);
  EXPECT_TRUE(slot.Put(&second));
  EXPECT_EQ(slot.Take(), &second);
}

TEST(ExchangeSlotTest, SlotsOfDifferentPairsShareNoCacheLines) {
  static_assert(sizeof(ExchangeSlot<Node>) == kSharedStrideBytes);
  static_assert(alignof(ExchangeSlot<Node>) == kSharedStrideBytes);
  ExchangeSlot<Node> slots[2];
  EXPECT_EQ(reinterpret_cast<uintptr_t>(&slots[1]) - reinterpret_cast<uintptr_t>(&slots[0]), 128u);
}

// Two real CPUs: every node arrives once, in order, with what was written into it. Meant for TSan too.
TEST(ExchangeSlotTest, TwoThreadsHandOverEveryNodeInOrder) {
  constexpr uint64_t kNodes = 200'000;
  auto nodes = std::make_unique<Node[]>(kNodes);
  ExchangeSlot<Node> slot;
  std::thread sender([&] {
    Outbox<Node> outbox;
    for (uint64_t i = 0; i < kNodes; ++i) {
      nodes[i].value = i;
      outbox.Append(nodes[i]);
      outbox.Publish(slot);
    }
    while (!outbox.empty()) {
      if (!outbox.Publish(slot)) std::this_thread::yield();
    }
  });
  uint64_t wrong = 0, received = 0;
  while (received < kNodes) {
    Node* node = slot.Take();
    if (node == nullptr) std::this_thread::yield();
    for (; node != nullptr; node = node->next) wrong += node->value != received++;
  }
  sender.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(received, kNodes);
  EXPECT_TRUE(slot.Taken());
}

}  // namespace
}  // namespace toro
