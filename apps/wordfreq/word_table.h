// WordTable: how often each word was seen. Open addressing; the letters of all words lie in one growing block.
#ifndef APPS_WORDFREQ_WORD_TABLE_H_
#define APPS_WORDFREQ_WORD_TABLE_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace wordfreq {

// Maximal runs of ASCII letters are words; case does not matter.
class WordTable {
 public:
  WordTable() : slots_(1024) {}

  // Counts every word of `text`.
  void CountWords(std::string_view text) {
    const char* at = text.data();
    const char* end = at + text.size();
    char word[kChunk];
    while (at != end) {
      char letter = Lower(*at++);
      if (letter == 0) continue;
      size_t length = 0;
      long_word_.clear();
      uint64_t hash = kHashStart;
      do {
        word[length++] = letter;
        hash = (hash ^ static_cast<unsigned char>(letter)) * kHashFactor;
        if (length == kChunk) {
          long_word_.insert(long_word_.end(), word, word + length);
          length = 0;
        }
        letter = at != end ? Lower(*at++) : 0;
      } while (letter != 0);
      ++total_;
      if (long_word_.empty()) {
        Add({word, length}, hash, 1);
      } else {
        long_word_.insert(long_word_.end(), word, word + length);
        Add({long_word_.data(), long_word_.size()}, hash, 1);
      }
    }
  }

  // Adds everything that `other` counted.
  void Merge(const WordTable& other) {
    other.ForEach([this](std::string_view word, uint64_t count) { Add(word, Hash(word), count); });
    total_ += other.total_;
  }

  template <typename Function>
  void ForEach(Function function) const {
    for (const Slot& slot : slots_) {
      if (slot.count != 0) function(Word(slot), slot.count);
    }
  }

  uint64_t total() const { return total_; }
  size_t different() const { return used_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint64_t count = 0;  // 0: empty
    size_t begin = 0;    // in letters_
    size_t length = 0;
  };

  static constexpr size_t kChunk = 64;
  static constexpr uint64_t kHashStart = 0xcbf29ce484222325;  // FNV-1a
  static constexpr uint64_t kHashFactor = 0x100000001b3;

  // The lower-case letter, or 0 for what is no letter.
  static char Lower(char c) {
    unsigned char lower = static_cast<unsigned char>(c) | 0x20;
    return lower >= 'a' && lower <= 'z' ? static_cast<char>(lower) : 0;
  }

  static uint64_t Hash(std::string_view word) {
    uint64_t hash = kHashStart;
    for (char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * kHashFactor;
    return hash;
  }

  std::string_view Word(const Slot& slot) const { return {letters_.data() + slot.begin, slot.length}; }

  void Add(std::string_view word, uint64_t hash, uint64_t count) {
    size_t mask = slots_.size() - 1;
    for (size_t i = (hash ^ hash >> 32) & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.count == 0) {
        slot = {hash, count, letters_.size(), word.size()};
        letters_.insert(letters_.end(), word.begin(), word.end());
        if (++used_ * 2 > slots_.size()) Grow();
        return;
      }
      if (slot.hash == hash && Word(slot) == word) {
        slot.count += count;
        return;
      }
    }
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.count == 0) continue;
      size_t i = (slot.hash ^ slot.hash >> 32) & mask;
      while (slots_[i].count != 0) i = (i + 1) & mask;
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<char> letters_;
  std::vector<char> long_word_;
  uint64_t total_ = 0;
  size_t used_ = 0;
};

}  // namespace wordfreq

#endif  // APPS_WORDFREQ_WORD_TABLE_H_
