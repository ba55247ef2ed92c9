// The search: depth first over the decisions of a Model, pruned by the states that were seen.
#include <memory>
#include <vector>

#include "tests/models/checker.h"

namespace toro::model {
namespace {

// Open addressing; the hashes are random already.
class VisitedStates {
 public:
  VisitedStates() : slots_(1 << 12, kFree) {}

  bool Insert(const Hash& hash) {
    if (used_ * 2 >= slots_.size()) Grow();
    return Place(hash);
  }

 private:
  static constexpr Hash kFree{0, 0};

  bool Place(const Hash& hash) {
    size_t at = hash.low & (slots_.size() - 1);
    while (slots_[at].low != 0 || slots_[at].high != 0) {
      if (slots_[at] == hash) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = hash;
    ++used_;
    return true;
  }

  void Grow() {
    std::vector<Hash> old(slots_.size() * 2, kFree);
    old.swap(slots_);
    used_ = 0;
    for (const Hash& hash : old) {
      if (hash.low != 0 || hash.high != 0) Place(hash);
    }
  }

  std::vector<Hash> slots_;
  size_t used_ = 0;
};

}  // namespace

class Search {
 public:
  static constexpr size_t kUnbounded = ~size_t{0};

  // `max_preemptions`: how often a thread that could continue may be interrupted by another.
  Search(MemoryModel memory, const std::function<void(Model&)>& setup, size_t max_preemptions)
      : memory_(memory), setup_(setup), max_preemptions_(max_preemptions), model_(std::make_unique<Model>()) {}

  Report Run() {
    do {
      ++report_.executions;
      Begin(false);
      for (depth_ = 0; model_->verdict_ == Verdict::kHolds; ++depth_) {
        if (depth_ == path_.size() && !Extend()) break;
        Follow(path_[depth_]);
      }
      if (model_->verdict_ != Verdict::kHolds) {
        path_.resize(depth_);
        return Failed();
      }
    } while (Backtrack());
    return report_;
  }

 private:
  struct Decision {
    uint8_t actions[15];
    uint8_t count = 0;
    uint8_t chosen = 0;
    bool last_could_continue = false;  // actions[0] continues the thread that ran last
    size_t continued = 0;              // how often a thread had said ContinueFrom
  };

  void Begin(bool tracing) {
    preemptions_ = 0;
    model_->Reset(memory_, tracing);
    setup_(*model_);
    model_->Start();
  }

  // A new decision at the end of the path. False: the execution ends here, or continues as one that was seen.
  bool Extend() {
    Decision next;
    bool choosing = model_->choosing();
    if (!choosing) {
      if (model_->AllDone()) return false;
      Hash state = model_->StateHash();
      if (max_preemptions_ != kUnbounded) {
        state.Mix(preemptions_);
        state.Mix(static_cast<uint64_t>(model_->running_));
      }
      if (!seen_.Insert(state)) return false;
      ++report_.states;
    } else if (model_->choices_ > sizeof(next.actions)) {
      Model::Misuse("a load may read more than 15 stores; make the configuration smaller");
    }
    int last = model_->running_;
    next.continued = model_->continued_count_;
    next.count = static_cast<uint8_t>(model_->Actions(next.actions));
    next.last_could_continue = !choosing && next.count > 0 && next.actions[0] == Model::kRun + last;
    if (next.count == 0) {
      model_->running_ = -1;
      model_->Fail(Verdict::kLostWakeup, model_->WhoWaits().c_str());
      return false;
    }
    if (next.last_could_continue && preemptions_ == max_preemptions_) KeepRunning(next);
    if (path_.size() > kMaxSteps) {
      model_->running_ = -1;
      model_->Fail(Verdict::kEndless, "an execution of more than kMaxSteps steps");
      return false;
    }
    path_.push_back(next);
    return true;
  }

  // Out of preemptions: only the last thread may run; stores still reach memory.
  static void KeepRunning(Decision& decision) {
    size_t kept = 1;
    for (size_t i = 1; i < decision.count; ++i) {
      if (decision.actions[i] >= Model::kFlush) decision.actions[kept++] = decision.actions[i];
    }
    decision.count = static_cast<uint8_t>(kept);
  }

  void Follow(const Decision& decision) {
    uint8_t action = decision.actions[decision.chosen];
    if (decision.last_could_continue && decision.chosen != 0 && action < Model::kFlush) ++preemptions_;
    model_->Apply(action);
  }

  bool Backtrack() {
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    model_->continued_.resize(path_.back().continued);
    return true;
  }

  // Runs the failing path once more and writes it down.
  Report Failed() {
    Verdict verdict = model_->verdict_;
    std::string message = model_->message_;
    Begin(true);
    for (const Decision& decision : path_) {
      if (model_->verdict_ == Verdict::kHolds) Follow(decision);
    }
    report_.verdict = verdict;
    report_.message = message;
    report_.counterexample = model_->trace_;
    if (model_->verdict_ == Verdict::kHolds) report_.counterexample += "      -> " + message + "\n";
    return report_;
  }

  MemoryModel memory_;
  const std::function<void(Model&)>& setup_;
  size_t max_preemptions_;
  std::unique_ptr<Model> model_;
  VisitedStates seen_;
  std::vector<Decision> path_;
  size_t depth_ = 0;
  size_t preemptions_ = 0;
  Report report_;
};

Report Explore(MemoryModel memory, const std::function<void(Model&)>& setup) {
  Report report = Search(memory, setup, Search::kUnbounded).Run();
  if (report.holds()) return report;
  // The same failure with the fewest interruptions is the easiest to read.
  constexpr size_t kMostPreemptions = 4;
  for (size_t preemptions = 0; preemptions <= kMostPreemptions; ++preemptions) {
    Report shorter = Search(memory, setup, preemptions).Run();
    if (shorter.holds()) continue;
    shorter.states = report.states;
    shorter.executions = report.executions;
    return shorter;
  }
  return report;
}

}  // namespace toro::model
