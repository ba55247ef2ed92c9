#include "services/net/sack_scoreboard.h"

namespace toro::net {

bool SackScoreboard::Add(SequenceRange block, Sequence unacknowledged, Sequence next) {
  if (!IsBefore(block.begin, block.end) || IsBefore(block.begin, unacknowledged) || IsBefore(next, block.end)) {
    return false;
  }
  size_t first = 0;  // the first range that the block touches, or stands in front of
  while (first < count_ && IsBefore(ranges_[first].end, block.begin)) ++first;
  size_t end = first;  // behind the last one that it touches
  SequenceRange merged = block;
  while (end < count_ && IsAtOrBefore(ranges_[end].begin, block.end)) {
    merged.begin = Earlier(merged.begin, ranges_[end].begin);
    merged.end = Later(merged.end, ranges_[end].end);
    ++end;
  }
  if (end == first + 1 && merged == ranges_[first]) return false;
  if (end == first) {
    if (count_ == kMaxRanges) return false;
    for (size_t i = count_++; i > first; --i) ranges_[i] = ranges_[i - 1];
  } else {
    size_t gone = end - first - 1;
    for (size_t i = end; i < count_; ++i) ranges_[i - gone] = ranges_[i];
    count_ -= gone;
  }
  ranges_[first] = merged;
  return true;
}

void SackScoreboard::RemoveBefore(Sequence unacknowledged) {
  size_t gone = 0;
  while (gone < count_ && IsAtOrBefore(ranges_[gone].end, unacknowledged)) ++gone;
  for (size_t i = gone; i < count_; ++i) ranges_[i - gone] = ranges_[i];
  count_ -= gone;
  if (count_ > 0) ranges_[0].begin = Later(ranges_[0].begin, unacknowledged);
}

uint32_t SackScoreboard::Has(Sequence begin, Sequence end) const {
  uint32_t bytes = 0;
  for (size_t i = 0; i < count_; ++i) {
    Sequence from = Later(begin, ranges_[i].begin);
    Sequence to = Earlier(end, ranges_[i].end);
    if (IsBefore(from, to)) bytes += to - from;
  }
  return bytes;
}

Sequence SackScoreboard::LostEnd(Sequence unacknowledged, uint32_t mss) const {
  uint32_t bytes = 0;
  for (size_t i = count_; i-- > 0;) {
    bytes += ranges_[i].end - ranges_[i].begin;
    if (count_ - i >= kDuplicateThreshold || bytes > (kDuplicateThreshold - 1) * mss) return ranges_[i].begin;
  }
  return unacknowledged;
}

SequenceRange SackScoreboard::FirstHole(Sequence begin, Sequence end) const {
  for (size_t i = 0; i < count_; ++i) {
    if (IsAtOrBefore(ranges_[i].end, begin)) continue;
    if (IsBefore(begin, ranges_[i].begin)) return {begin, Earlier(ranges_[i].begin, end)};
    begin = ranges_[i].end;
  }
  return IsBefore(begin, end) ? SequenceRange{begin, end} : SequenceRange{end, end};
}

}  // namespace toro::net
