// Channels and mailboxes: order, bound, closing, giving up, and what goes while others wait.
#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "core/kernel/channel.h"
#include "core/kernel/mailbox.h"
#include "tests/contract/sync/parts.h"
#include "tests/contract/used_bytes.h"

namespace contract {
namespace {

void AChannelKeepsOrderAndBound() {
  constexpr size_t kCapacity = 3;
  constexpr int kEach = 200;
  toro::Channel<std::pair<size_t, int>> channel(kCapacity);
  std::vector<ThreadId> senders;
  std::atomic<int> sent{0};
  for (size_t s = 0; s < 5; ++s) {
    senders.push_back(Start(CpuOf(s), [&, s] {
      for (int n = 0; n < kEach; ++n) {
        if (channel.Send({s, n}) == Status::kOk) ++sent;
      }
    }));
  }
  std::vector<int> next(5);
  bool right = true;
  for (int received = 0; received < 5 * kEach; ++received) {
    if (received % 16 == 0) toro::Yield();
    auto value = channel.Receive();
    right = right && value.ok() && next[value.value().first]++ == value.value().second;
    // A sender counts when its value has left; the values between are the channel's.
    right = right && sent <= received + 1 + static_cast<int>(kCapacity);
  }
  JoinAll(senders);
  Check(right && channel.empty(), "a bounded channel holds what it may, and keeps the order of each sender");
}

void AChannelOfLargeValues() {
  toro::Channel<std::string> channel(2);
  const std::string expected(1000, 'x');
  bool right = true;
  {
    std::vector<ThreadId> senders;
    for (size_t s = 0; s < 4; ++s) {
      senders.push_back(Start(CpuOf(s), [&] {
        for (int n = 0; n < 20; ++n) (void)channel.Send(expected);
      }));
    }
    for (int n = 0; n < 80; ++n) right = right && channel.Receive().value() == expected;
    JoinAll(senders);
  }
  Check(right, "values that own memory travel between CPUs");
}

void ASendMayGiveUp() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    toro::Channel<int> channel(1);
    Check(channel.Send(1) == Status::kOk && channel.TrySend(2) == Status::kFull, "a channel that is full says so");
    Status timed_out = Status::kOk, cancelled = Status::kOk;
    JoinAll({Start(cpu, [&] {
      timed_out = channel.Send(3, Soon());
      (void)toro::Cancel(toro::CurrentThread());
      cancelled = channel.Send(4);
    })});
    Check(timed_out == Status::kTimedOut && cancelled == Status::kCancelled, "a send gives up");
    // I2: what the channel promised to it comes back.
    Check(channel.Receive().value() == 1, "what was sent is received");
    Status later = Status::kFull;
    JoinAll({Start(cpu, [&] { later = channel.Send(5, toro::DeadlineAfter(10 * toro::kNsPerSecond)); })});
    Check(later == Status::kOk && channel.Receive().value() == 5 && channel.empty(),
          "a send that gave up has sent nothing, and takes no room");
  }
}

void AChannelCloses() {
  toro::Channel<int> channel(4);
  std::vector<ThreadId> threads;
  std::atomic<int> sum{0}, ends{0};
  for (int i = 0; i < 3; ++i) {
    threads.push_back(StartHere([&] {
      for (;;) {
        auto value = channel.Receive();
        if (!value.ok()) {
          if (value.status() == Status::kClosed) ++ends;
          return;
        }
        sum += value.value();
      }
    }));
  }
  Status after = Status::kOk;
  threads.push_back(Start(LastCpu(), [&] {
    for (int n = 1; n <= 100; ++n) (void)channel.Send(n);
    channel.Close();
    after = channel.Send(1000, toro::DeadlineAfter(10 * toro::kNsPerSecond));
  }));
  JoinAll(threads);
  Check(sum == 5050 && ends == 3, "what was sent before the end is received, and everybody learns of the end");
  Check(after == Status::kClosed && channel.Send(1) == Status::kClosed, "a closed channel takes nothing");
}

void AReceiveMayGiveUpAndAChannelMayGo() {
  std::atomic<int> alive{0};
  {
    toro::Channel<Counted> channel;
    Check(channel.Receive(Soon()).status() == Status::kTimedOut, "a receive gives up");
    JoinAll({Start(LastCpu(), [&] {
      for (int i = 0; i < 50; ++i) (void)channel.Send(Counted(alive));
    })});
    // Some are queued, some perhaps under way.
  }
  for (int i = 0; i < 1000 && alive > 0; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(alive == 0, "what a channel that is gone had, or gets, is destroyed");
}

// channel.h, I4. What a channel was is overwritten as soon as its destructor is through.
void AChannelMayGoWhenThreadsHaveBeenWoken() {
  alignas(toro::Channel<int>) unsigned char place[sizeof(toro::Channel<int>)];
  int ends = 0, sent = 0;
  std::vector<ThreadId> threads;
  auto* closed = new (place) toro::Channel<int>(1);
  for (int i = 0; i < 3; ++i) {
    threads.push_back(StartHere([&] { ends += closed->Receive().status() == Status::kClosed ? 1 : 0; }));
  }
  LetOthersRun();
  closed->Close();
  std::destroy_at(closed);
  std::memset(place, 0, sizeof place);
  Check(ends == 3, "a channel that was closed waits for its receivers to leave");
  auto* full = new (place) toro::Channel<int>(1);
  (void)full->Send(1);
  threads.push_back(StartHere([&] { sent += full->Send(2) == Status::kOk ? 1 : 0; }));
  threads.push_back(StartHere([&] { ends += full->Send(3) == Status::kClosed ? 1 : 0; }));
  LetOthersRun();
  Check(full->Receive().value() == 1, "room is given to one of those who wait for it");
  full->Close();
  std::destroy_at(full);
  std::memset(place, 0, sizeof place);
  Check(sent == 1 && ends == 4, "and it waits for its senders");
  JoinAll(threads);
}

// channel.h, I2.
void ASendThatGaveUpLeavesNothing() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    toro::Channel<int> channel(1);
    (void)channel.Send(1);
    bool comes_back = false;
    const ThreadId thread = Start(cpu, [&] {
      auto give_up = [&] { return channel.Send(2, toro::DeadlineAfter(1)) == Status::kTimedOut; };
      bool all = give_up();
      LetOthersRun();
      const size_t before = UsedBytes(toro::kBootCpu);
      for (int i = 0; i < 300; ++i) all = give_up() && all;
      comes_back = ComesBackTo(toro::kBootCpu, before) && all;
    });
    (void)toro::Join(thread);
    Check(comes_back && channel.Receive().value() == 1 && channel.TrySend(2) == Status::kOk,
          "a channel keeps nothing of the senders that gave up");
  }
}

void AClosedUnboundedChannelTakesNothing() {
  std::atomic<int> alive{0};
  int refused = 0;
  toro::Channel<Counted> channel;
  channel.Close();
  JoinAll({Start(LastCpu(), [&] {
    for (int i = 0; i < 50; ++i) refused += channel.Send(Counted(alive)) == Status::kClosed ? 1 : 0;
  })});
  Check(refused == 50 && channel.empty() && channel.Receive().status() == Status::kClosed,
        "an unbounded channel that is closed says so to senders of every CPU");
  for (int i = 0; i < 1000 && alive > 0; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(alive == 0, "and takes nothing");
}

// channel.h, I5. Senders of all CPUs send until they hear of the end, receivers receive until they do.
bool AllThatWasSentIsReceived(size_t capacity, CpuId closer) {
  toro::Channel<int> channel(capacity);
  std::atomic<int> sent{0}, wrong{0};
  std::vector<ThreadId> threads;
  int received = 0, still_queued = 0;
  for (int i = 0; i < 2; ++i) {
    threads.push_back(StartHere([&] {
      while (channel.Receive().ok()) ++received;
      still_queued += channel.empty() ? 0 : 1;
    }));
  }
  for (size_t cpu = 0; cpu < toro::CpuCount(); ++cpu) {
    threads.push_back(Start(CpuId{cpu}, [&channel, &sent, &wrong] {
      Status status = Status::kOk;
      for (int n = 0; status == Status::kOk; ++n) {
        status = channel.Send(n);
        if (status == Status::kOk) ++sent;
        if (n % 4 == 3) toro::Yield();
      }
      if (status != Status::kClosed || channel.Send(0) != Status::kClosed) ++wrong;
    }));
  }
  threads.push_back(Start(closer, [&channel] {
    LetOthersRun();
    channel.Close();
  }));
  JoinAll(threads);
  return wrong == 0 && sent == received && still_queued == 0 && channel.empty();
}

void WhatASendSaysIsTrue() {
  bool unbounded = true, bounded = true;
  for (int round = 0; round < 5; ++round) {
    for (CpuId closer : {toro::kBootCpu, LastCpu()}) {
      unbounded = AllThatWasSentIsReceived(toro::kUnbounded, closer) && unbounded;
      bounded = AllThatWasSentIsReceived(3, closer) && bounded;
    }
  }
  Check(unbounded, "what an unbounded channel took before its end is received, to the last value");
  Check(bounded, "and what a bounded one took");
}

void AMailboxReceiverCanBeCancelled() {
  toro::Mailbox<int> nobody_sends;
  bool unwound = true;
  ThreadId thread = StartHere([&] {
    (void)nobody_sends.Receive();
    unwound = false;
  });
  LetOthersRun();
  (void)toro::Cancel(thread);
  Check(toro::Join(thread) == Status::kOk && unwound, "a thread that receives can be cancelled");
}

}  // namespace

void RunChannels() {
  AChannelKeepsOrderAndBound();
  AChannelOfLargeValues();
  ASendMayGiveUp();
  AChannelCloses();
  AReceiveMayGiveUpAndAChannelMayGo();
  AChannelMayGoWhenThreadsHaveBeenWoken();
  ASendThatGaveUpLeavesNothing();
  AClosedUnboundedChannelTakesNothing();
  WhatASendSaysIsTrue();
  AMailboxReceiverCanBeCancelled();
}

}  // namespace contract
