// LineTable: file and line by address, for backtraces.
//
// LAYOUT, as the build appends it to the image (tools/image/line_table), little-endian:
//   u32 magic 'TLIN' | u32 blocks | u32 files | blocks x { u32 address - image start, u32 data } ascending
//   | files x u32 name | data of the blocks | names, each ended by NUL
// `data` and `name` count from the start of the table. The data of a block begins with file and line of its first
// address; each further row is one of these (numbers are ULEB128, signed ones zigzag first):
//   1..240       the same file; 1 + (byte - 1) % 16 bytes further on, line + (byte - 1) / 16 - 4
//   241 a d      the same file; a bytes further on, line + d
//   242 a d      the file before the last change of file, and the line there + d; a bytes further on
//   243 a f l    file f, line l; a bytes further on
//   0            the end
// Line 0: nothing is known from there on.
//
// WHY blocks. The rows are differences, most of them one byte; a block is as much as a look-up decodes. WHY a second
// file: what is inlined goes back and forth between two.
#ifndef PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_
#define PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_

#include <cstdint>
#include <string_view>

#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

class LineTable {
 public:
  struct Hit {
    std::string_view file;  // empty: unknown
    uint64_t line = 0;
  };

  constexpr LineTable(const unsigned char* table, uint64_t image_start) : table_(table), image_start_(image_start) {}

  // The row that `address` belongs to.
  Hit Find(uint64_t address) const {
    if (Word(0) != kMagic) return {};
    uint64_t wanted = address - image_start_;
    uint32_t low = 0, high = Word(1);
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (Word(3 + 2 * middle) <= wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? Hit{} : FindInBlock(low - 1, wanted);
  }

 private:
  static constexpr uint32_t kMagic = 0x4e494c54;
  static constexpr unsigned kMostShort = 240, kSameFile = 241, kOtherFile = 242;

  uint32_t Word(uint64_t index) const { return reg::Load<uint32_t>(table_ + 4 * index); }

  static uint64_t ReadNumber(const unsigned char*& place) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      unsigned char byte = *place++;
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
  }

  static uint64_t ReadSigned(const unsigned char*& place) {
    uint64_t zigzag = ReadNumber(place);
    return (zigzag & 1) != 0 ? ~(zigzag >> 1) : zigzag >> 1;
  }

  Hit FindInBlock(uint32_t block, uint64_t wanted) const {
    struct Place {
      uint64_t file, line;
    };
    const unsigned char* at = table_ + Word(4 + 2 * uint64_t{block});
    uint64_t address = Word(3 + 2 * uint64_t{block});
    Place here = {ReadNumber(at), 0}, other = {0, 0};
    here.line = ReadNumber(at);
    while (unsigned kind = *at++) {
      address += kind <= kMostShort ? 1 + (kind - 1) % 16 : ReadNumber(at);
      if (address > wanted) break;
      if (kind <= kMostShort) {
        here.line += (kind - 1) / 16;
        here.line -= 4;
      } else if (kind == kSameFile) {
        here.line += ReadSigned(at);
      } else {
        Place next = other;
        if (kind == kOtherFile) {
          next.line += ReadSigned(at);
        } else {
          next.file = ReadNumber(at);
          next.line = ReadNumber(at);
        }
        other = here;
        here = next;
      }
    }
    if (here.line == 0) return {};
    uint64_t names = 3 + 2 * uint64_t{Word(1)};
    return {reinterpret_cast<const char*>(table_ + Word(names + here.file)), here.line};
  }

  const unsigned char* table_;
  uint64_t image_start_;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_LINE_TABLE_H_
