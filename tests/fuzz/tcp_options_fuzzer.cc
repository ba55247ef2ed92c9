// The options of a segment under libFuzzer: any bytes can be read, and what was read is read again from what is
// written.
#include <cstring>
#include <memory>

#include "core/base/check.h"
#include "services/net/tcp_segment.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  std::unique_ptr<uint8_t[]> exact(new uint8_t[count]);  // so that a byte read beyond is seen
  if (count > 0) std::memcpy(exact.get(), bytes, count);
  toro::net::TcpOptions read;
  read.Parse(exact.get(), count);
  if (read.Bytes() > toro::net::kTcpMaxOptionBytes) return 0;  // more than any segment has, read from more than that
  uint8_t written[toro::net::kTcpMaxOptionBytes];
  read.Write(written);
  toro::net::TcpOptions again;
  again.Parse(written, read.Bytes());
  TORO_CHECK(again.mss == read.mss && again.has_window_shift == read.has_window_shift);
  TORO_CHECK(again.window_shift == read.window_shift && again.window_shift <= toro::net::TcpOptions::kMaxWindowShift);
  TORO_CHECK(again.sack_permitted == read.sack_permitted && again.has_timestamp == read.has_timestamp);
  TORO_CHECK(again.timestamp == read.timestamp && again.timestamp_echo == read.timestamp_echo);
  TORO_CHECK(again.sack_blocks == read.sack_blocks);
  for (size_t i = 0; i < read.sack_blocks; ++i) TORO_CHECK(again.sack[i] == read.sack[i]);
  return 0;
}
