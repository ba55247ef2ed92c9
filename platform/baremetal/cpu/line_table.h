// LineTable: file and line by address, for backtraces.
//
// LAYOUT, as the build appends it to the image (tools/image/line_table), little-endian:
//   u32 magic 'TLIN' | u32 rows | u32 names | blocks x { u32 address - image start, u32 data } ascending
//   | data of the blocks (bit_decoder.h) | the names of the files
// `data` and `names` count from the start of the table. A block has kBlock rows, the last one what is left. A row says
// from which address on a line begins:
//   kFile    which of the last kRecent files it is in, 0 the last one; kRecent: another, then kNumber, which one
//   kLine    behind the last line of that file, signed; kFirstLine: the line, if it is another file
//   kStep    bytes behind the row before
// Line 0: nothing is known from there on. The context of a field is what the row before was like.
#ifndef PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_
#define PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_

#include <cstdint>
#include <string_view>

#include "drivers/reg/physical_memory.h"
#include "platform/baremetal/cpu/bit_decoder.h"
#include "platform/baremetal/cpu/symbol_table.h"

namespace toro::baremetal {

class LineTable {
 public:
  struct Hit {
    std::string_view file;  // empty: unknown; valid until the next look-up
    uint64_t line = 0;
  };

  LineTable(const unsigned char* table, uint64_t image_start, BitDecoder::Models& models)
      : table_(table), image_start_(image_start), models_(models) {}

  // The row that `address` belongs to.
  Hit Find(uint64_t address) {
    if (Word(0) != kMagic) return {};
    const unsigned char* entries = table_ + 12;
    const uint64_t wanted = address - image_start_;
    const uint32_t blocks = EntriesUpTo(entries, (Word(4) + kBlock - 1) / kBlock, wanted);
    if (blocks == 0) return {};
    const unsigned char* entry = entries + 8 * uint64_t{blocks - 1};
    const Place place = FindInBlock(reg::Load<uint32_t>(entry), table_ + reg::Load<uint32_t>(entry + 4),
                                    Word(4) - (blocks - 1) * kBlock, wanted);
    if (place.line == 0) return {};
    BitDecoder names(table_ + Word(8), models_);
    std::string_view file;
    for (uint32_t i = 0; i <= place.file; ++i) file = names.Text(file_);
    return {file, static_cast<uint64_t>(place.line)};
  }

 private:
  struct Place {
    uint32_t file = 0;
    int64_t line = 0;
  };

  static constexpr uint32_t kMagic = 0x4e494c54;
  static constexpr uint32_t kBlock = 8192, kRecent = 8;
  static constexpr uint32_t kFile = 0, kLine = 16, kStep = 32, kNumber = 48, kFirstLine = 49;

  uint32_t Word(uint64_t place) const { return reg::Load<uint32_t>(table_ + place); }

  Place FindInBlock(uint64_t address, const unsigned char* data, uint32_t rows, uint64_t wanted) {
    BitDecoder decoder(data, models_);
    Place recent[kRecent] = {};
    uint32_t file_before = 0, step_before = 0;
    for (uint32_t row = 0; row < rows && row < kBlock; ++row) {
      const Place last = recent[0];
      const uint32_t which = decoder.Number(kFile + file_before);
      Place next;
      if (which < kRecent) {
        next = recent[which];
        next.line += decoder.Signed(kLine + file_before * 4 + (which < 2 ? which : 2));
      } else {
        next.file = decoder.Number(kNumber);
        next.line = decoder.Number(kFirstLine);
      }
      const uint32_t step = decoder.Number(kStep + step_before * 2 + (which < 1 ? which : 1));
      address += step;
      if (address > wanted) return last;
      for (uint32_t i = which < kRecent ? which : kRecent - 1; i > 0; --i) recent[i] = recent[i - 1];
      recent[0] = next;
      file_before = which < 3 ? which : 3;
      step_before = step < 4 ? 0 : step < 8 ? 1 : step < 16 ? 2 : 3;
    }
    return recent[0];
  }

  const unsigned char* table_;
  uint64_t image_start_;
  BitDecoder::Models& models_;
  char file_[BitDecoder::kLongestText] = {};
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_
