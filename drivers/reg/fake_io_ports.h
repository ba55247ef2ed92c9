// FakeIoPorts: a port space whose answers a test writes down beforehand, and whose writes it reads afterwards.
#ifndef DRIVERS_REG_FAKE_IO_PORTS_H_
#define DRIVERS_REG_FAKE_IO_PORTS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace toro::reg {

class FakeIoPorts {
 public:
  struct Write {
    uint16_t port;
    uint32_t value;
    bool operator==(const Write&) const = default;
  };

  // The next read of `port` answers `value`; the last value given stays for all further reads. Unknown ports: all ones.
  void Answer(uint16_t port, uint32_t value) { answers_[port].push_back(value); }
  const std::vector<Write>& writes() const { return writes_; }
  int reads(uint16_t port) const { return reads_.contains(port) ? reads_.at(port) : 0; }

  uint8_t Read8(uint16_t port) { return static_cast<uint8_t>(Read(port)); }
  uint16_t Read16(uint16_t port) { return static_cast<uint16_t>(Read(port)); }
  uint32_t Read32(uint16_t port) { return Read(port); }
  void Write8(uint16_t port, uint8_t value) { writes_.push_back({port, value}); }
  void Write16(uint16_t port, uint16_t value) { writes_.push_back({port, value}); }
  void Write32(uint16_t port, uint32_t value) { writes_.push_back({port, value}); }

 private:
  uint32_t Read(uint16_t port) {
    ++reads_[port];
    std::deque<uint32_t>& queue = answers_[port];
    if (queue.empty()) return ~uint32_t{0};
    uint32_t value = queue.front();
    if (queue.size() > 1) queue.pop_front();
    return value;
  }

  std::map<uint16_t, std::deque<uint32_t>> answers_;
  std::map<uint16_t, int> reads_;
  std::vector<Write> writes_;
};

}  // namespace toro::reg

#endif  // DRIVERS_REG_FAKE_IO_PORTS_H_
