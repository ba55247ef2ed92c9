// mixed: threads on every CPU that do everything that concerns other CPUs, in an order of their own: spawn and join,
// detached threads, migration, calls, messages, memory freed elsewhere, timers, suspend, resume and cancel.
//
// The workload of the simulator. Each worker knows what must come of what it does, and says so when it does not.
// `-- ROUNDS` says how many operations each of them makes. An operation that finds no memory is left out, and nothing
// else may fail.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "core/base/mix.h"
#include "core/kernel/channel.h"
#include "core/kernel/toro.h"

namespace {

using toro::CpuId;
using toro::Status;
using toro::ThreadId;

constexpr size_t kMostWorkers = 16;
constexpr size_t kDefaultRounds = 25;
constexpr size_t kObjects = 12;

using Counter = std::atomic<uint64_t>;  // of the checks, not of the kernel: any CPU counts
Counter detached_asked, detached_ran, sent, received, errors;

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "mixed: FAILED on CPU %zu: %s\n", toro::CurrentCpu().index(), what);
  ++errors;
}

class Worker {
 public:
  Worker(size_t number, size_t rounds) : rounds_(rounds), random_(number + 1) {}

  void Run() {
    using Operation = void (Worker::*)();
    static constexpr Operation kOperations[] = {
        &Worker::SpawnAndJoin,     &Worker::SpawnDetached, &Worker::Migrate,       &Worker::CallThere,
        &Worker::FreeThere,        &Worker::Sleep,         &Worker::CancelSleeper, &Worker::SendThere,
        &Worker::SuspendAndResume, &Worker::YieldSome,     &Worker::JoinTooSoon,
    };
    for (size_t i = 0; i < rounds_; ++i) (this->*kOperations[Below(std::size(kOperations))])();
  }

 private:
  uint64_t Below(uint64_t bound) {
    random_ = toro::Mix(random_ + toro::kMixStride);
    return random_ % bound;
  }
  CpuId AnyCpu() { return CpuId{Below(toro::CpuCount())}; }

  // Ok unless there was no memory.
  template <typename Function>
  toro::Result<ThreadId> SpawnThere(CpuId cpu, Function function) {
    toro::Result<ThreadId> thread = toro::Spawn(cpu, std::move(function));
    Expect(thread.ok() || thread.status() == Status::kOutOfMemory, "a spawn fails for want of memory only");
    return thread;
  }

  void SpawnAndJoin() {
    const CpuId there = AnyCpu();
    bool ran = false;
    auto thread = SpawnThere(there, [&ran, there] {
      toro::Yield();
      ran = toro::CurrentCpu() == there;
    });
    if (!thread.ok()) return;
    Expect(toro::Join(thread.value()) == Status::kOk, "a thread is joined once");
    Expect(ran, "a thread runs where it was spawned, before it is joined");
    Expect(toro::Join(thread.value()) == Status::kNoSuchThread, "a thread is joined no second time");
  }

  void SpawnDetached() {
    for (uint64_t i = Below(8); i > 0; --i) {
      ++detached_asked;
      Expect(toro::SpawnDetached(
                 AnyCpu(), [](void*) { ++detached_ran; }, nullptr) == Status::kOk,
             "a detached spawn");
    }
  }

  void Migrate() {
    const CpuId there = AnyCpu();
    Expect(toro::Migrate(there) == Status::kOk && toro::CurrentCpu() == there, "a thread goes where it asks to go");
  }

  void CallThere() {
    const CpuId there = AnyCpu();
    const uint64_t question = Below(1000);
    std::array<uint64_t, 9> large{question};  // does not fit into a line
    Expect(toro::Call(there, [question] { return question + toro::CurrentCpu().index(); }) == question + there.index(),
           "a call runs there and answers here");
    Expect(toro::Call(there, [large] { return large; })[0] == question, "a large call, too");
  }

  // Objects of this CPU, freed by another.
  void FreeThere() {
    std::array<unsigned char*, kObjects> objects{};
    const size_t bytes = size_t{1} << (4 + Below(8));
    for (auto& object : objects) {
      object = new (std::nothrow) unsigned char[bytes];
      if (object != nullptr) std::fill(object, object + bytes, static_cast<unsigned char>(bytes >> 4));
    }
    Migrate();
    for (unsigned char* object : objects) {
      Expect(
          object == nullptr || (object[0] == static_cast<unsigned char>(bytes >> 4) && object[bytes - 1] == object[0]),
          "memory keeps what was written");
      delete[] object;
    }
  }

  void Sleep() {
    const uint64_t until_ns = toro::DeadlineAfter(Below(20'000));
    toro::SleepUntil(until_ns);
    Expect(toro::NowNs() >= until_ns, "a sleep is not too short");
  }

  void CancelSleeper() {
    bool* destroyed = nullptr;
    bool gone = false;
    struct Mark {
      bool* gone;
      ~Mark() { *gone = true; }
    };
    destroyed = &gone;
    auto thread = SpawnThere(AnyCpu(), [destroyed] {
      Mark mark{destroyed};
      toro::SleepFor(3600 * toro::kNsPerSecond);
    });
    if (!thread.ok()) return;
    YieldSome();
    Status status = toro::Cancel(thread.value());
    Expect(status == Status::kOk, "a thread that sleeps can be cancelled");
    Expect(toro::Join(thread.value()) == Status::kOk && gone, "a cancelled thread ends, and its destructors run");
  }

  // A channel of this worker, to which a thread elsewhere sends.
  void SendThere() {
    const CpuId here = toro::CurrentCpu();
    toro::Channel<uint64_t> channel(2);
    const uint64_t count = Below(6);
    auto thread = SpawnThere(AnyCpu(), [&channel, count] {
      for (uint64_t i = 0; i < count; ++i) {
        if (channel.Send(i) == Status::kOk) ++sent;
      }
    });
    if (!thread.ok()) return;
    for (uint64_t i = 0; i < count; ++i) {
      toro::Result<uint64_t> value = channel.Receive();
      Expect(value.ok() && value.value() == i, "messages of one sender arrive in order");
      ++received;
    }
    Expect(toro::CurrentCpu() == here && toro::Join(thread.value()) == Status::kOk, "the sender ends");
  }

  void SuspendAndResume() {
    std::atomic<uint64_t> turns{0};
    std::atomic<bool> stop{false};
    auto thread = SpawnThere(AnyCpu(), [&] {
      while (!stop) {
        ++turns;
        toro::Yield();
      }
    });
    if (!thread.ok()) return;
    Expect(toro::Suspend(thread.value()) == Status::kOk, "a thread can be suspended");
    const uint64_t before = turns;
    YieldSome();
    Expect(turns == before, "a suspended thread does not run");
    stop = true;
    Expect(toro::Resume(thread.value()) == Status::kOk, "a suspended thread can be resumed");
    Expect(toro::Join(thread.value()) == Status::kOk, "a resumed thread goes on");
  }

  void YieldSome() {
    for (uint64_t i = Below(10); i > 0; --i) toro::Yield();
  }

  void JoinTooSoon() {
    const uint64_t end_ns = toro::DeadlineAfter(Below(5'000));
    auto thread = SpawnThere(AnyCpu(), [end_ns] { toro::SleepUntil(end_ns); });
    if (!thread.ok()) return;
    const Status first = toro::Join(thread.value(), toro::DeadlineAfter(Below(5'000)));
    Expect(first == Status::kOk || first == Status::kTimedOut, "a join with a deadline ends");
    Expect(toro::Join(thread.value()) == (first == Status::kOk ? Status::kNoSuchThread : Status::kOk),
           "a join that gave up can be done again");
  }

  size_t rounds_;
  uint64_t random_;
};

}  // namespace

int main(int argc, char** argv) {
  size_t rounds = kDefaultRounds;
  if (argc > 1) {
    char* end = nullptr;
    rounds = std::strtoull(argv[1], &end, 10);
    if (argc > 2 || *end != 0 || rounds < 1 || rounds > 1'000'000) {
      std::fprintf(stderr, "mixed: expected one argument, the rounds, 1 to 1000000\n");
      return 2;
    }
  }
  std::array<ThreadId, kMostWorkers> workers;
  size_t begun = 0;
  const size_t count = std::min(2 * toro::CpuCount(), kMostWorkers);
  for (size_t i = 0; i < count; ++i) {
    auto worker = toro::Spawn(CpuId{i % toro::CpuCount()}, [i, rounds] { Worker(i, rounds).Run(); });
    if (worker.ok()) workers[begun++] = worker.value();
  }
  for (size_t i = 0; i < begun; ++i) Expect(toro::Join(workers[i]) == Status::kOk, "each worker is joined");
  while (detached_ran < detached_asked) toro::SleepFor(toro::kNsPerUs);
  Expect(detached_ran == detached_asked, "each detached thread ran once");
  Expect(sent == received, "each message that was sent arrived");
  std::printf("%zu workers, %zu rounds each, %llu detached threads, %llu messages: %llu errors\n", begun, rounds,
              static_cast<unsigned long long>(detached_ran), static_cast<unsigned long long>(received),
              static_cast<unsigned long long>(errors));
  return errors == 0 ? 0 : 1;
}
