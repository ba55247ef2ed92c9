// Starting and stopping timers while many others are pending, beside the two structures that others keep them in: a
// balanced tree (as Linux its high-resolution timers) and an indexed heap (as Boost.Asio).
#include <boost/heap/d_ary_heap.hpp>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/rows.h"
#include "core/sched/timer_wheel.h"

namespace toro::bench {
namespace {

// Up to 17 seconds ahead, as time-outs are.
constexpr uint64_t kMostAheadNs = uint64_t{1} << 34;

// Which timers are stopped and started again, and when each is due then: drawn before the clock runs, and read in
// order.
struct Moves {
  struct Move {
    uint32_t timer;
    uint64_t deadline_ns;
  };
  std::vector<uint64_t> first_deadlines_ns;
  std::vector<Move> moves;
  size_t at = 0;

  explicit Moves(size_t pending) {
    std::mt19937_64 random(1);
    for (size_t i = 0; i < pending; ++i) first_deadlines_ns.push_back(random() % kMostAheadNs);
    for (size_t i = 0; i < (size_t{1} << 16); ++i) {
      moves.push_back({static_cast<uint32_t>(random() % pending), random() % kMostAheadNs});
    }
  }
  const Move& Next() { return moves[at++ % moves.size()]; }
};

struct Wheel {
  TimerWheel wheel{0};
  std::vector<Timer> timers;

  explicit Wheel(const Moves& moves) : timers(moves.first_deadlines_ns.size()) {
    for (size_t i = 0; i < timers.size(); ++i) wheel.Start(timers[i], moves.first_deadlines_ns[i]);
  }
  void Restart(const Moves::Move& move) {
    wheel.Stop(timers[move.timer]);
    wheel.Start(timers[move.timer], move.deadline_ns);
  }
  size_t pending() const { return wheel.pending(); }
};

struct Tree {
  using Map = std::multimap<uint64_t, uint32_t>;
  Map map;
  std::vector<Map::iterator> timers;

  explicit Tree(const Moves& moves) {
    for (uint64_t deadline_ns : moves.first_deadlines_ns) {
      timers.push_back(map.emplace(deadline_ns, static_cast<uint32_t>(timers.size())));
    }
  }
  // The node is used again, so that no allocator is measured.
  void Restart(const Moves::Move& move) {
    Map::node_type node = map.extract(timers[move.timer]);
    node.key() = move.deadline_ns;
    timers[move.timer] = map.insert(std::move(node));
  }
  size_t pending() const { return map.size(); }
};

struct Heap {
  using DeadlineHeap = boost::heap::d_ary_heap<uint64_t, boost::heap::arity<2>, boost::heap::mutable_<true>,
                                               boost::heap::compare<std::greater<uint64_t>>>;
  DeadlineHeap heap;
  std::vector<DeadlineHeap::handle_type> timers;

  explicit Heap(const Moves& moves) {
    for (uint64_t deadline_ns : moves.first_deadlines_ns) timers.push_back(heap.push(deadline_ns));
  }
  // In one go, which is less than to stop and to start.
  void Restart(const Moves::Move& move) { heap.update(timers[move.timer], move.deadline_ns); }
  size_t pending() const { return heap.size(); }
};

template <typename Timers>
Contender Restarts(const char* name, Role role, size_t pending) {
  struct Both {
    Moves moves;
    Timers timers;
    explicit Both(size_t pending) : moves(pending), timers(moves) {}
  };
  auto both = std::make_shared<std::unique_ptr<Both>>();
  auto near = [=](uint64_t n) {
    if (*both == nullptr) *both = std::make_unique<Both>(pending);
    for (uint64_t i = 0; i < n; ++i) (*both)->timers.Restart((*both)->moves.Next());
    return (*both)->timers.pending() == pending;
  };
  return {name, role, near, {}};
}

}  // namespace

void AddTimerRows(Suite& suite) {
  for (size_t pending : {size_t{1'000}, size_t{1'000'000}}) {
    Group group;
    group.name = "timer_" + std::to_string(pending);
    group.operation = "timer stopped and started again, of " + std::to_string(pending) + " that are pending";
    group.contenders = {
        Restarts<Wheel>("TimerWheel", Role::kOurs, pending),
        Restarts<Tree>("std::multimap", Role::kPeer, pending),
        Restarts<Heap>("boost::heap, binary, indexed", Role::kPeer, pending),
    };
    group.goals = {{"timer", "TimerWheel", "", 1}};
    suite.Add(std::move(group));
  }
}

}  // namespace toro::bench
