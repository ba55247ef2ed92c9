#include "platform/baremetal/boot/memory_plan.h"

#include "core/base/units.h"
#include "platform/baremetal/cpu/page_tables.h"

namespace toro::baremetal {

const char* MemoryPlan::Begin(const BootInfo& info) {
  for (size_t i = 0; i < info.memory_count; ++i) {
    const BootMemoryRange& range = info.memory[i];
    if (range.type != MemoryType::kUsable) continue;
    if (count_ == kMaxMemoryRanges) return "the loader's memory map has too many usable ranges";
    // Two usable ranges that overlap are counted once.
    Remove(range.begin, range.end());
    ranges_[count_++] = {range.begin, range.bytes};
  }
  for (size_t i = 0; i < info.memory_count; ++i) {
    if (info.memory[i].type != MemoryType::kUsable) Remove(info.memory[i].begin, info.memory[i].end());
  }
  Remove(0, kLowMemoryEnd);
  if (overflow_) return "the loader's memory map is cut into too many pieces";
  return count_ != 0 ? nullptr : "the loader's memory map has no usable memory above 1 MiB";
}

void MemoryPlan::Remove(uint64_t begin, uint64_t end) {
  for (size_t i = 0; i < count_;) {
    MemoryRange& range = ranges_[i];
    uint64_t range_end = range.end();
    if (end <= range.begin || begin >= range_end) {
      ++i;
      continue;
    }
    bool left = begin > range.begin, right = end < range_end;
    if (left && right) {
      range.bytes = begin - range.begin;
      if (count_ == kMaxMemoryRanges) {
        overflow_ = true;  // the right part is lost; Begin refuses, later callers lose memory, not safety
        return;
      }
      ranges_[count_++] = {end, range_end - end};
      ++i;
    } else if (left) {
      range.bytes = begin - range.begin;
      ++i;
    } else if (right) {
      range = {end, range_end - end};
      ++i;
    } else {
      range = ranges_[--count_];
    }
  }
}

uint64_t MemoryPlan::Reserve(uint64_t bytes, uint64_t from) {
  uint64_t best = 0;
  for (const MemoryRange& range : left()) {
    uint64_t begin = AlignUp(range.begin > from ? range.begin : from, kPageBytes);
    if (begin >= range.end() || range.end() - begin < bytes) continue;
    if (best == 0 || begin < best) best = begin;
  }
  if (best != 0) Remove(best, best + bytes);
  return best;
}

uint64_t MemoryPlan::FindLowPage(const BootInfo& info) {
  constexpr uint64_t kLowEnd = 640 * kKiB;
  for (size_t i = 0; i < info.memory_count; ++i) {
    const BootMemoryRange& range = info.memory[i];
    if (range.type != MemoryType::kUsable) continue;
    uint64_t page = AlignUp(range.begin > kNullAreaBytes ? range.begin : kNullAreaBytes, kPageBytes);
    uint64_t end = range.end() < kLowEnd ? range.end() : kLowEnd;
    if (page < end && end - page >= kPageBytes) return page;
  }
  return 0;
}

}  // namespace toro::baremetal
