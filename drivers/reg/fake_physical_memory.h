// FakePhysicalMemory: pieces of memory that a test lays out; everything else cannot be read.
#ifndef DRIVERS_REG_FAKE_PHYSICAL_MEMORY_H_
#define DRIVERS_REG_FAKE_PHYSICAL_MEMORY_H_

#include <cstdint>
#include <map>
#include <string>

#include "drivers/reg/physical_memory.h"

namespace toro::reg {

// Bytes in little-endian order, put together field by field.
class Bytes {
 public:
  template <typename T>
  Bytes& Put(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& Put8(uint8_t value) { return Put(value); }
  Bytes& Put16(uint16_t value) { return Put(value); }
  Bytes& Put32(uint32_t value) { return Put(value); }
  Bytes& Put64(uint64_t value) { return Put(value); }
  Bytes& PutText(const std::string& text) {
    text_ += text;
    return *this;
  }
  Bytes& PadTo(size_t bytes) {
    text_.resize(bytes, '\0');
    return *this;
  }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

class FakePhysicalMemory final : public PhysicalMemory {
 public:
  void Place(uint64_t address, std::string bytes) { pieces_[address] = std::move(bytes); }
  std::string& piece(uint64_t address) { return pieces_.at(address); }

  const unsigned char* At(uint64_t address, uint64_t bytes) const override {
    auto next = pieces_.upper_bound(address);
    if (next == pieces_.begin()) return nullptr;
    const auto& [begin, text] = *std::prev(next);
    if (address - begin > text.size() || bytes > text.size() - (address - begin)) return nullptr;
    return reinterpret_cast<const unsigned char*>(text.data()) + (address - begin);
  }

 private:
  std::map<uint64_t, std::string> pieces_;
};

}  // namespace toro::reg

#endif  // DRIVERS_REG_FAKE_PHYSICAL_MEMORY_H_
