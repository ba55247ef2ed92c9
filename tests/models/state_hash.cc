// What makes two states of a model equal: memory, views, and what each thread has seen and waits for.
//
// WHY NORMAL FORMS. Views and clocks only grow, so what every thread knows already can never again make a difference.
// Everything below that common knowledge is hashed as that knowledge itself; clocks, which are only ever compared, are
// hashed by their rank among the clocks that are left. Otherwise a CPU that has slept and woken once would never again
// be in the state of one that has not.
#include <algorithm>
#include <bit>
#include <cstring>

#include "tests/models/checker.h"

namespace toro::model {

class StateHasher {
 public:
  explicit StateHasher(const Model& model)
      : model_(model),
        words_(model.memory_ == MemoryModel::kCpp ? model.word_count_ : 0),
        clocks_(model.thread_count_) {}

  Hash Run() {
    FindCommonKnowledge();
    // Twice the same walk: the first notes which clocks there are, the second hashes their ranks.
    Walk();
    ranking_ = false;
    hash_ = Hash{};
    Walk();
    return hash_;
  }

 private:
  void FindCommonKnowledge() {
    bool first = true;
    for (size_t t = 0; t < model_.thread_count_; ++t) {
      const Model::ThreadState& thread = model_.threads_[t];
      if (thread.done) continue;
      if (first) {
        common_ = thread.now;
      } else {
        for (size_t w = 0; w < words_; ++w) common_.seen[w] = std::min(common_.seen[w], thread.now.seen[w]);
        for (size_t c = 0; c < clocks_; ++c) common_.clock[c] = std::min(common_.clock[c], thread.now.clock[c]);
      }
      first = false;
    }
  }

  void Walk() {
    Words();
    Plains();
    for (size_t t = 0; t < model_.thread_count_; ++t) Thread(model_.threads_[t]);
    if (words_ != 0) Seen(model_.fence_view_, common_);
  }

  void Words() {
    for (size_t w = 0; w < model_.word_count_; ++w) {
      const Model::Word& word = model_.words_[w];
      size_t oldest = words_ != 0 ? common_.seen[w] : 0;  // nobody can read an older one
      for (size_t s = oldest; s < word.stores.size(); ++s) {
        Mix(word.stores[s].value);
        Mix(word.stores[s].view, common_);
      }
      Mix(word.stores.size() - oldest);
    }
  }

  void Plains() {
    for (size_t p = 0; p < model_.plain_count_; ++p) {
      const Model::Plain& plain = model_.plains_[p];
      if (plain.value != 0) {
        Mix(p);
        Mix(plain.value);
      }
      size_t writer = static_cast<size_t>(plain.writer);
      if (plain.write_clock > common_.clock[writer]) {
        Mix(p << 16 | 0x100 | writer);
        Clock(writer, plain.write_clock, common_);
      }
      for (size_t c = 0; c < clocks_; ++c) {
        if (plain.read_clock[c] <= common_.clock[c]) continue;
        Mix(p << 16 | 0x200 | c);
        Clock(c, plain.read_clock[c], common_);
      }
    }
    Mix(0x99);
  }

  void Thread(const Model::ThreadState& thread) {
    Mix((thread.done ? 1u : 0u) | (thread.draining ? 2u : 0u) | (thread.condition != nullptr ? 4u : 0u) |
        (thread.retry ? 8u : 0u));
    if (!thread.done) {
      Mix(thread.history.low);
      Mix(thread.history.high);
      Mix(thread.now, common_);
      if (words_ != 0) {
        Mix(thread.pending, thread.now);
        Mix(thread.released, common_);
      }
    }
    for (size_t b = thread.buffer_start; b < thread.buffer.size(); ++b) {
      Mix(static_cast<uint64_t>(thread.buffer[b].word) + 1);
      Mix(thread.buffer[b].store.value);
      Mix(thread.buffer[b].store.view, common_);
    }
    Mix(0x77);
  }

  void Mix(uint64_t value) {
    if (!ranking_) hash_.Mix(value);
  }
  // `known`: what adds nothing when it is joined.
  void Mix(const View& view, const View& known) {
    Seen(view, known);
    for (size_t c = 0; c < clocks_; ++c) Clock(c, view.clock[c], known);
  }
  void Seen(const View& view, const View& known) {
    if (ranking_) return;
    for (size_t w = 0; w < words_; ++w) {
      if (view.seen[w] > known.seen[w]) hash_.Mix(w << 8 | static_cast<uint64_t>(view.seen[w] - common_.seen[w]));
    }
    hash_.Mix(0x55);
  }
  void Clock(size_t thread, uint16_t clock, const View& known) {
    size_t above = clock > known.clock[thread] ? clock - common_.clock[thread] : 0u;
    uint64_t& present = clocks_present_[thread];
    if (above >= 64) return Mix(uint64_t{0x10000} + above);  // rare: hashed as it is
    if (ranking_) {
      present |= uint64_t{1} << above;
    } else {
      hash_.Mix(static_cast<uint64_t>(std::popcount(present & ((uint64_t{1} << above) - 1))));
    }
  }

  const Model& model_;
  const size_t words_;  // those whose old stores can be read
  const size_t clocks_;
  View common_;  // what every thread knows that is not done
  bool ranking_ = true;
  uint64_t clocks_present_[kMaxThreads] = {};
  Hash hash_;
};

Hash Model::StateHash() const { return StateHasher(*this).Run(); }

}  // namespace toro::model
