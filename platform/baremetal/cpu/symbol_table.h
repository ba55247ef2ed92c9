// SymbolTable: names of functions by address, for backtraces.
//
// LAYOUT, as the build appends it to the image (tools/image), little-endian:
//   u32 magic 'TSYM' | u32 count | u32 lines | count x { u32 address - image start, u32 name } ascending
//   | names, each ended by NUL | the table of source lines (line_table.h)
// `name` and `lines` count from the start of the table.
#ifndef PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_
#define PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_

#include <cstdint>
#include <string_view>

#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

class SymbolTable {
 public:
  struct Hit {
    std::string_view name;  // empty: unknown
    uint64_t offset_bytes = 0;
  };

  constexpr SymbolTable(const unsigned char* table, uint64_t image_start) : table_(table), image_start_(image_start) {}

  uint32_t count() const { return reg::Load<uint32_t>(table_) == kMagic ? reg::Load<uint32_t>(table_ + 4) : 0; }

  // The table of source lines, or null.
  const unsigned char* lines() const {
    uint32_t place = count() > 0 ? reg::Load<uint32_t>(table_ + 8) : 0;
    return place != 0 ? table_ + place : nullptr;
  }

  // The last symbol at or before `address`.
  Hit Find(uint64_t address) const {
    uint32_t low = 0, high = count();
    uint64_t wanted = address - image_start_;
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (Address(middle) <= wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == 0) return {};
    const char* name = reinterpret_cast<const char*>(table_) + reg::Load<uint32_t>(Entry(low - 1) + 4);
    return {name, wanted - Address(low - 1)};
  }

 private:
  static constexpr uint32_t kMagic = 0x4d595354;

  const unsigned char* Entry(uint32_t index) const { return table_ + 12 + uint64_t{index} * 8; }
  uint64_t Address(uint32_t index) const { return reg::Load<uint32_t>(Entry(index)); }

  const unsigned char* table_;
  uint64_t image_start_;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_SYMBOL_TABLE_H_
