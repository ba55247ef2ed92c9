// What makes two states of a model equal: memory, views, and what each thread has seen and waits for.
#include <cstring>

#include "tests/models/checker.h"

namespace toro::model {
namespace {

void MixView(Hash& hash, const View& view, size_t words) {
  for (size_t i = 0; i < words; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, view.seen + i, sizeof(eight));
    hash.Mix(eight);
  }
  uint64_t clocks;
  static_assert(sizeof(clocks) == sizeof(view.clock));
  std::memcpy(&clocks, view.clock, sizeof(clocks));
  hash.Mix(clocks);
}

}  // namespace

Hash Model::StateHash() const {
  Hash hash;
  bool cpp = memory_ == MemoryModel::kCpp;
  for (size_t i = 0; i < word_count_; ++i) {
    if (cpp) {
      hash.Mix(words_[i].hash.low);
      hash.Mix(words_[i].hash.high);
    } else {
      hash.Mix(words_[i].stores.back().value);
      MixView(hash, words_[i].stores.back().view, 0);
    }
  }
  for (size_t i = 0; i < plain_count_; ++i) {
    const Plain& plain = plains_[i];
    hash.Mix(plain.value);
    hash.Mix(static_cast<uint64_t>(plain.writer) << 32 | plain.write_clock);
    uint64_t clocks;
    std::memcpy(&clocks, plain.read_clock, sizeof(clocks));
    hash.Mix(clocks);
  }
  size_t words = cpp ? word_count_ : 0;
  for (size_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = threads_[i];
    hash.Mix(thread.history.low);
    hash.Mix(thread.history.high);
    hash.Mix((thread.done ? 1u : 0u) | (thread.draining ? 2u : 0u) | (thread.condition != nullptr ? 4u : 0u) |
             (thread.retry ? 8u : 0u));
    MixView(hash, thread.now, words);
    if (cpp) {
      MixView(hash, thread.pending, words);
      MixView(hash, thread.released, words);
    }
    for (size_t b = thread.buffer_start; b < thread.buffer.size(); ++b) {
      hash.Mix(static_cast<uint64_t>(thread.buffer[b].word) + 1);
      hash.Mix(thread.buffer[b].store.value);
      MixView(hash, thread.buffer[b].store.view, 0);
    }
    hash.Mix(0x77);
  }
  if (cpp) MixView(hash, fence_view_, words);
  return hash;
}

}  // namespace toro::model
