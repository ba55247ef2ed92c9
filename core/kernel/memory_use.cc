#include "core/kernel/memory_use.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/kernel/toro.h"

namespace toro {
namespace {

// A line of the table. Numbers are set flush right, each in a column of its own.
class Line {
 public:
  void Text(std::string_view text, size_t width) {
    while (width-- > text.size()) Put(' ');
    for (char c : text) Put(c);
  }
  void Number(uint64_t value, size_t width = kColumn) {
    char digits[20];
    size_t count = 0;
    do {
      digits[sizeof digits - ++count] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    Text({digits + sizeof digits - count, count}, width);
  }
  void KiB(uint64_t bytes) { Number(bytes / kKiB); }
  void Print() {
    Put('\n');
    toro::Print({text_, length_});
  }

  static constexpr size_t kColumn = 13;

 private:
  void Put(char c) {
    if (length_ < sizeof text_) text_[length_++] = c;
  }

  char text_[160];
  size_t length_ = 0;
};

constexpr size_t kFirstColumn = 4;
constexpr std::string_view kTitles[] = {"total KiB",   "used KiB", "slabs KiB", "arenas KiB",
                                        "allocations", "frees",    "freed for", "freed by"};

// What a line says of one CPU, or of all.
struct Sums {
  PartitionStatistics memory;
  int64_t arena_bytes = 0;
  uint64_t given = 0;
  uint64_t returned = 0;

  void Add(const CpuStatistics& s) {
    memory.total_bytes += s.memory.total_bytes;
    memory.used_bytes += s.memory.used_bytes;
    memory.slab_bytes += s.memory.slab_bytes;
    memory.allocations += s.memory.allocations;
    memory.frees += s.memory.frees;
    arena_bytes += static_cast<int64_t>(s.arenas.taken_bytes - s.arenas.given_back_bytes);
    given += s.returns.given;
    returned += s.returns.returned;
  }

  void Print(Line& line) const {
    line.KiB(memory.total_bytes);
    line.KiB(memory.used_bytes);
    line.KiB(memory.slab_bytes);
    line.KiB(arena_bytes > 0 ? static_cast<uint64_t>(arena_bytes) : 0);
    line.Number(memory.allocations);
    line.Number(memory.frees);
    line.Number(given);
    line.Number(returned);
    line.Print();
  }
};

}  // namespace

void PrintMemoryUse() {
  Line titles;
  titles.Text("CPU", kFirstColumn);
  for (std::string_view title : kTitles) titles.Text(title, Line::kColumn);
  titles.Print();
  Sums all;
  for (size_t i = 0; i < CpuCount(); ++i) {
    CpuStatistics statistics = Statistics(CpuId{i});
    Sums one;
    one.Add(statistics);
    all.Add(statistics);
    Line line;
    line.Number(i, kFirstColumn);
    one.Print(line);
  }
  Line line;
  line.Text("all", kFirstColumn);
  all.Print(line);
}

}  // namespace toro
