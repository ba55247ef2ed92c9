// Choices: where a random test takes its decisions from: the bytes of a fuzzer's input, or a seed.
//
// WHY one interface: the fuzzer and the soak run the same driver, so what one of them finds the other can replay, and a
// new operation is tested by both.
#ifndef TESTS_FUZZ_CHOICES_H_
#define TESTS_FUZZ_CHOICES_H_

#include <cstddef>
#include <cstdint>

#include "core/base/mix.h"

namespace fuzz {

class Choices {
 public:
  virtual ~Choices() = default;

  // No operation is left to be chosen. Below still answers.
  virtual bool Done() = 0;

  // A number in 0..limit-1; `limit` > 0.
  virtual uint32_t Below(uint32_t limit) = 0;
};

// One byte per decision, or three where a byte is too small; zeros behind the end.
class ByteChoices : public Choices {
 public:
  ByteChoices(const uint8_t* bytes, size_t count) : next_(bytes), end_(bytes + count) {}

  bool Done() override { return next_ == end_; }
  uint32_t Below(uint32_t limit) override {
    uint32_t value = Byte();
    if (limit > 256) value |= Byte() << 8 | Byte() << 16;
    return value % limit;
  }

 private:
  uint32_t Byte() { return next_ != end_ ? *next_++ : 0; }

  const uint8_t* next_;
  const uint8_t* end_;
};

// `operations` operations, chosen by `seed`.
class SeededChoices : public Choices {
 public:
  SeededChoices(uint64_t seed, uint64_t operations) : state_(toro::Mix(seed)), left_(operations) {}

  bool Done() override {
    if (left_ == 0) return true;
    --left_;
    return false;
  }
  uint32_t Below(uint32_t limit) override {
    state_ += toro::kMixStride;
    return static_cast<uint32_t>(toro::Mix(state_) % limit);
  }

 private:
  uint64_t state_;
  uint64_t left_;
};

}  // namespace fuzz

#endif  // TESTS_FUZZ_CHOICES_H_
