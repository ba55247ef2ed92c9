// BitDecoder: numbers and text out of the tables of a backtrace (symbol_table.h, line_table.h), as
// tools/image/bit_coder.py writes them.
//
// WHY. The tables are a fifth of a small image and are read at its end only. What follows what is learned while it is
// read: each bit is coded by how often it was 1 in its context, so a bit that was to be expected takes next to nothing.
//
// LAYOUT. An interval [low, high] of 32-bit numbers is divided for each bit as likely as 1 and 0 are, and the part of
// the bit becomes the interval; the leading bytes on which both ends agree are the data.
//   a context    hashes to a model: 12 bits of how likely 1 is, of 4096, and how many bits it has seen, 14 at most; the
//                more it has seen, the less one more changes it
//   a number     the length of its value + 1 in bits less one, 5 bits, then the bits behind the first
//   a character  7 bits, in the context of the two before it; a text ends with 0
//
// COST. 16 KiB of models, which nobody else may use meanwhile; some 10 ns a bit.
#ifndef PLATFORM_BAREMETAL_CPU_BIT_DECODER_H_
#define PLATFORM_BAREMETAL_CPU_BIT_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

class BitDecoder {
 public:
  static constexpr unsigned kModelBits = 13;
  static constexpr size_t kLongestText = 100;

  // Lent to a decoder, which forgets what was in them.
  struct Models {
    uint16_t of[1 << kModelBits];
  };

  BitDecoder(const unsigned char* data, Models& models) : next_(data), models_(models) {
    for (uint16_t& model : models_.of) model = kStart;
    for (int i = 0; i < 4; ++i) code_ = code_ << 8 | NextByte();
  }

  // `field` says what numbers it is like.
  uint32_t Number(uint32_t field) {
    const uint32_t length = Bits(field << 16, 5);
    const uint32_t context = field << 16 | 0x8000 | length << 8;
    uint64_t node = 1;
    for (uint32_t place = length; place-- > 0;) {
      node = node * 2 + Bit(context | (node < 128 ? static_cast<uint32_t>(node) : 128 + place));
    }
    return static_cast<uint32_t>(node - 1);
  }

  // Signed ones are 2 n, or -2 n - 1 if they are negative.
  int64_t Signed(uint32_t field) {
    const int64_t number = Number(field);
    return (number & 1) != 0 ? -(number / 2) - 1 : number / 2;
  }

  // Into `text`, which is cut where it has no room.
  std::string_view Text(char (&text)[kLongestText]) {
    size_t size = 0;
    uint32_t before = 0;
    while (const uint32_t character = Bits(kText | before << 8, 7)) {
      if (size < kLongestText) text[size++] = static_cast<char>(character);
      before = (before << 8 | character) & 0x7fff;
    }
    return {text, size};
  }

 private:
  static constexpr uint16_t kStart = 2048 << 4;
  static constexpr uint32_t kText = uint32_t{1} << 31;

  uint32_t NextByte() { return reg::Load<uint8_t>(next_++); }

  uint32_t Bits(uint32_t context, int count) {
    uint32_t node = 1;
    for (int i = 0; i < count; ++i) node = node * 2 + Bit(context + node);
    return node - (uint32_t{1} << count);
  }

  uint32_t Bit(uint32_t context) {
    uint16_t& model = models_.of[(context * 0x9e3779b1u) >> (32 - kModelBits)];
    uint32_t one = model >> 4;
    const uint32_t seen = model & 15;
    const uint32_t middle = low_ + ((high_ - low_) >> 12) * one;
    const bool bit = code_ <= middle;
    if (bit) {
      high_ = middle;
      one += (4096 - one) * 2 / (2 * seen + 3);
    } else {
      low_ = middle + 1;
      one -= one * 2 / (2 * seen + 3);
    }
    model = static_cast<uint16_t>(one << 4 | (seen < 14 ? seen + 1 : 14));
    while ((low_ ^ high_) >> 24 == 0) {
      low_ <<= 8;
      high_ = high_ << 8 | 255;
      code_ = code_ << 8 | NextByte();
    }
    return bit ? 1 : 0;
  }

  const unsigned char* next_;
  Models& models_;
  uint32_t low_ = 0;
  uint32_t high_ = ~uint32_t{0};
  uint32_t code_ = 0;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_BIT_DECODER_H_
