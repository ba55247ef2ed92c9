#include "core/exchange/outbox.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

struct Node {
  Node* next = nullptr;
};

TEST(OutboxTest, EmptyOutboxPublishesNothing) {
  Outbox<Node> outbox;
  ExchangeSlot<Node> slot;
  EXPECT_TRUE(outbox.empty());
  EXPECT_FALSE(outbox.Publish(slot));
  EXPECT_TRUE(slot.Taken());
}

TEST(OutboxTest, PublishHandsOverTheWholeChainInOrder) {
  Outbox<Node> outbox;
  ExchangeSlot<Node> slot;
  Node a, b, c;
  c.next = &a;  // a stale link from an earlier journey
  outbox.Append(a);
  outbox.Append(b);
  outbox.Append(c);
  EXPECT_TRUE(outbox.Publish(slot));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(slot.Take(), &a);
  EXPECT_EQ(a.next, &b);
  EXPECT_EQ(b.next, &c);
  EXPECT_EQ(c.next, nullptr);
}

TEST(OutboxTest, WhatTheSlotHasNoRoomForGoesWithTheNextChain) {
  Outbox<Node> outbox;
  ExchangeSlot<Node> slot;
  Node first, second, third;
  outbox.Append(first);
  ASSERT_TRUE(outbox.Publish(slot));
  outbox.Append(second);
  EXPECT_FALSE(outbox.Publish(slot));
  EXPECT_FALSE(outbox.empty());
  outbox.Append(third);
  EXPECT_EQ(slot.Take(), &first);
  EXPECT_EQ(first.next, nullptr);
  EXPECT_TRUE(outbox.Publish(slot));
  EXPECT_EQ(slot.Take(), &second);
  EXPECT_EQ(second.next, &third);
  EXPECT_EQ(third.next, nullptr);
}

TEST(OutboxTest, OutboxIsUsableAgainAfterItWasEmptied) {
  Outbox<Node> outbox;
  ExchangeSlot<Node> slot;
  Node a, b;
  outbox.Append(a);
  ASSERT_TRUE(outbox.Publish(slot));
  ASSERT_EQ(slot.Take(), &a);
  outbox.Append(b);
  EXPECT_TRUE(outbox.Publish(slot));
  EXPECT_EQ(slot.Take(), &b);
  EXPECT_EQ(a.next, nullptr) << "Append wrote into a node that was handed over";
}

}  // namespace
}  // namespace toro
