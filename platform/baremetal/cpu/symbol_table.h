// SymbolTable: names of functions by address, for backtraces.
//
// LAYOUT, as the build appends it to the image (tools/image), little-endian:
//   u32 magic 'TSYM' | u32 count | u32 lines | blocks x { u32 address - image start, u32 data } ascending
//   | data of the blocks (bit_decoder.h) | the table of source lines (line_table.h)
// `data` and `lines` count from the start of the table. A block has kBlock functions, the last one what is left. Of
// each function: how many bytes behind the one before it, and its name.
//
// WHY blocks. What follows in a block is known only when all before it has been read: a block is as much as a look-up
// reads.
#ifndef PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_
#define PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_

#include <cstdint>
#include <string_view>

#include "drivers/reg/physical_memory.h"
#include "platform/baremetal/cpu/bit_decoder.h"

namespace toro::baremetal {

// The last of `count` ascending entries { u32 address, u32 data } at or before `wanted`, plus one; 0: there is none.
inline uint32_t EntriesUpTo(const unsigned char* entries, uint32_t count, uint64_t wanted) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (reg::Load<uint32_t>(entries + 8 * uint64_t{middle}) <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

class SymbolTable {
 public:
  struct Hit {
    std::string_view name;  // empty: unknown; valid until the next look-up
    uint64_t offset_bytes = 0;
  };

  SymbolTable(const unsigned char* table, uint64_t image_start, BitDecoder::Models& models)
      : table_(table), image_start_(image_start), models_(models) {}

  uint32_t count() const { return Word(0) == kMagic ? Word(4) : 0; }

  // The table of source lines, or null.
  const unsigned char* lines() const {
    uint32_t place = count() > 0 ? Word(8) : 0;
    return place != 0 ? table_ + place : nullptr;
  }

  // The last symbol at or before `address`.
  Hit Find(uint64_t address) {
    const unsigned char* entries = table_ + 12;
    const uint64_t wanted = address - image_start_;
    const uint32_t blocks = EntriesUpTo(entries, (count() + kBlock - 1) / kBlock, wanted);
    if (blocks == 0) return {};
    const unsigned char* entry = entries + 8 * uint64_t{blocks - 1};
    BitDecoder decoder(table_ + reg::Load<uint32_t>(entry + 4), models_);
    uint64_t at = reg::Load<uint32_t>(entry);
    Hit hit;
    const uint32_t left = count() - (blocks - 1) * kBlock;
    for (uint32_t i = 0; i < left && i < kBlock; ++i) {
      at += decoder.Number(kStep);
      if (at > wanted) break;
      hit = {decoder.Text(name_), wanted - at};
    }
    return hit;
  }

 private:
  static constexpr uint32_t kMagic = 0x4d595354;
  static constexpr uint32_t kBlock = 1024;
  static constexpr uint32_t kStep = 0;

  uint32_t Word(uint64_t place) const { return reg::Load<uint32_t>(table_ + place); }

  const unsigned char* table_;
  uint64_t image_start_;
  BitDecoder::Models& models_;
  char name_[BitDecoder::kLongestText] = {};
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_
