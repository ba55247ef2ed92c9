#include "drivers/acpi/tables.h"

namespace toro::acpi {
namespace {

using reg::Load;

constexpr uint64_t kRsdpBytes1 = 20, kRsdpBytes2 = 36;
constexpr uint32_t kMostTableBytes = 16 << 20;

bool SumIsZero(const unsigned char* bytes, uint64_t count) {
  unsigned char sum = 0;
  for (uint64_t i = 0; i < count; ++i) sum = static_cast<unsigned char>(sum + bytes[i]);
  return sum == 0;
}

bool Equal(const unsigned char* bytes, const char* text, int count) {
  for (int i = 0; i < count; ++i) {
    if (bytes[i] != static_cast<unsigned char>(text[i])) return false;
  }
  return true;
}

bool IsRootPointer(const unsigned char* bytes) {
  return bytes != nullptr && Equal(bytes, "RSD PTR ", 8) && SumIsZero(bytes, kRsdpBytes1);
}

uint64_t Scan(const reg::PhysicalMemory& memory, uint64_t begin, uint64_t end) {
  for (uint64_t at = begin; at < end; at += 16) {
    if (IsRootPointer(memory.At(at, kRsdpBytes1))) return at;
  }
  return 0;
}

// The root table, and how wide its entries are.
Lookup FindRootTable(const reg::PhysicalMemory& memory, uint64_t rsdp, Table& root, uint32_t& entry_bytes) {
  const unsigned char* pointer = memory.At(rsdp, kRsdpBytes1);
  if (!IsRootPointer(pointer)) return Lookup::kBadRootPointer;
  uint64_t address = Load<uint32_t>(pointer + 16);
  entry_bytes = 4;
  if (pointer[15] >= 2) {  // revision 2: the 64-bit table, under a checksum of its own [acpi 5.2.5.3]
    pointer = memory.At(rsdp, kRsdpBytes2);
    if (pointer == nullptr || !SumIsZero(pointer, kRsdpBytes2)) return Lookup::kBadRootPointer;
    if (uint64_t wide = Load<uint64_t>(pointer + 24)) {
      address = wide;
      entry_bytes = 8;
    }
  }
  return ReadTable(memory, address, root) ? Lookup::kFound : Lookup::kBadRootTable;
}

}  // namespace

uint64_t ScanForRootPointer(const reg::PhysicalMemory& memory) {
  constexpr uint64_t kEbdaSegmentAt = 0x40e;
  if (const unsigned char* segment = memory.At(kEbdaSegmentAt, 2)) {
    uint64_t ebda = uint64_t{Load<uint16_t>(segment)} << 4;
    if (uint64_t found = ebda != 0 ? Scan(memory, ebda, ebda + 1024) : 0) return found;
  }
  return Scan(memory, 0xe0000, 0x100000);
}

bool ReadTable(const reg::PhysicalMemory& memory, uint64_t address, Table& table) {
  const unsigned char* header = memory.At(address, kHeaderBytes);
  if (header == nullptr) return false;
  uint32_t size = Load<uint32_t>(header + 4);
  if (size < kHeaderBytes || size > kMostTableBytes) return false;
  const unsigned char* bytes = memory.At(address, size);
  if (bytes == nullptr || !SumIsZero(bytes, size)) return false;
  table = {bytes, size, address};
  return true;
}

Lookup FindTable(const reg::PhysicalMemory& memory, uint64_t rsdp, const char* signature, Table& table) {
  if (rsdp == 0) rsdp = ScanForRootPointer(memory);
  if (rsdp == 0) return Lookup::kNoRootPointer;
  Table root;
  uint32_t entry_bytes;
  if (Lookup result = FindRootTable(memory, rsdp, root, entry_bytes); result != Lookup::kFound) return result;
  for (uint32_t at = kHeaderBytes; root.size - at >= entry_bytes; at += entry_bytes) {
    uint64_t address = entry_bytes == 8 ? Load<uint64_t>(root.bytes + at) : Load<uint32_t>(root.bytes + at);
    const unsigned char* header = memory.At(address, kHeaderBytes);
    if (header == nullptr || !Equal(header, signature, 4)) continue;
    return ReadTable(memory, address, table) ? Lookup::kFound : Lookup::kBadTable;
  }
  return Lookup::kMissing;
}

}  // namespace toro::acpi
