#include "platform/baremetal/boot/pvh.h"

namespace toro::baremetal {
namespace {

using reg::Load;

// hvm_start_info, version 1. A loader of version 0 gives no memory map, and without one we cannot start.
enum Offset : uint64_t {
  kMagicAt = 0,
  kVersionAt = 4,
  kModuleCountAt = 12,
  kModuleListAt = 16,
  kCommandLineAt = 24,
  kRsdpAt = 32,
  kMemoryMapAt = 40,
  kMemoryCountAt = 48,
};
constexpr uint64_t kStartInfoBytes = 56;
constexpr uint64_t kModuleBytes = 32;
constexpr uint64_t kMemoryBytes = 24;
constexpr uint64_t kMostCommandLineBytes = BootInfo::kMostTextBytes + 1;

// Reads a text that ends with NUL. False if it does not, within the readable memory and the limit.
bool ReadText(const reg::PhysicalMemory& memory, uint64_t address, std::string_view& text) {
  for (uint64_t bytes = 0; bytes < kMostCommandLineBytes; ++bytes) {
    const unsigned char* start = memory.At(address, bytes + 1);
    if (start == nullptr) return false;
    if (start[bytes] == 0) {
      text = {reinterpret_cast<const char*>(start), bytes};
      return true;
    }
  }
  return false;
}

const char* ParseModules(const reg::PhysicalMemory& memory, uint64_t list, uint32_t count, BootInfo& info) {
  const unsigned char* entries = memory.At(list, count * kModuleBytes);
  if (count != 0 && entries == nullptr) return "PVH: the module list cannot be read";
  for (uint32_t i = 0; i < count; ++i) {
    const unsigned char* entry = entries + i * kModuleBytes;
    uint64_t name_at = Load<uint64_t>(entry + 16);
    std::string_view name;
    if (name_at != 0 && !ReadText(memory, name_at, name)) return "PVH: the name of a module has no end";
    const char* problem = info.AddModule(name, Load<uint64_t>(entry), Load<uint64_t>(entry + 8));
    if (problem != nullptr) return problem;
  }
  return nullptr;
}

const char* ParseMemoryMap(const reg::PhysicalMemory& memory, uint64_t map, uint32_t count, BootInfo& info) {
  if (count == 0) return "PVH: the loader gave no memory map";
  const unsigned char* entries = memory.At(map, count * kMemoryBytes);
  if (entries == nullptr) return "PVH: the memory map cannot be read";
  for (uint32_t i = 0; i < count; ++i) {
    const unsigned char* entry = entries + i * kMemoryBytes;
    const char* problem = info.AddMemory(Load<uint64_t>(entry), Load<uint64_t>(entry + 8), Load<uint32_t>(entry + 16));
    if (problem != nullptr) return problem;
  }
  return nullptr;
}

}  // namespace

const char* ParsePvh(const reg::PhysicalMemory& memory, uint64_t address, BootInfo& info) {
  const unsigned char* start = memory.At(address, kStartInfoBytes);
  if (start == nullptr) return "PVH: the start information cannot be read";
  if (Load<uint32_t>(start + kMagicAt) != kPvhMagic) return "PVH: the start information has a wrong magic number";
  if (Load<uint32_t>(start + kVersionAt) == 0) {
    return "PVH: the start information is version 0, which has no memory map: use a loader that gives version 1";
  }
  if (uint64_t line_at = Load<uint64_t>(start + kCommandLineAt)) {
    std::string_view line;
    if (!ReadText(memory, line_at, line)) return "PVH: the command line has no end, or is longer than 4096 bytes";
    if (const char* problem = info.SetCommandLine(line)) return problem;
  }
  info.rsdp = Load<uint64_t>(start + kRsdpAt);
  const char* problem =
      ParseModules(memory, Load<uint64_t>(start + kModuleListAt), Load<uint32_t>(start + kModuleCountAt), info);
  if (problem != nullptr) return problem;
  return ParseMemoryMap(memory, Load<uint64_t>(start + kMemoryMapAt), Load<uint32_t>(start + kMemoryCountAt), info);
}

}  // namespace toro::baremetal
