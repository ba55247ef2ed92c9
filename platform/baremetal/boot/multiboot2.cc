#include "platform/baremetal/boot/multiboot2.h"

namespace toro::baremetal {
namespace {

using reg::Load;

enum Tag : uint32_t { kEnd = 0, kCommandLine = 1, kModule = 3, kMemoryMap = 6, kAcpiOld = 14, kAcpiNew = 15 };

constexpr uint32_t kHeaderBytes = 8;
constexpr uint32_t kMostBytes = 1 << 20;  // what GRUB leaves is below 10 KB

constexpr size_t kMostNameBytes = 255;

// The text that starts at `at` and ends with NUL or after `most` bytes.
std::string_view TextAt(const unsigned char* at, size_t most) {
  size_t bytes = 0;
  while (bytes < most && at[bytes] != 0) ++bytes;
  return {reinterpret_cast<const char*>(at), bytes};
}

const char* ParseMemoryMap(const unsigned char* tag, uint32_t bytes, BootInfo& info) {
  if (bytes < 16) return "multiboot2: the memory map tag is too short";
  uint32_t entry_bytes = Load<uint32_t>(tag + 8);
  if (entry_bytes < 24) return "multiboot2: the memory map has entries below 24 bytes";
  for (uint32_t at = 16; bytes - at >= entry_bytes; at += entry_bytes) {
    const char* problem =
        info.AddMemory(Load<uint64_t>(tag + at), Load<uint64_t>(tag + at + 8), Load<uint32_t>(tag + at + 16));
    if (problem != nullptr) return problem;
  }
  return nullptr;
}

// GRUB puts a name with a blank into "...", and a backslash before each of \ ' " [grub lib/cmdline.c]. False: too long.
bool DecodeName(std::string_view text, char* to, size_t room, std::string_view& name) {
  size_t bytes = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') continue;
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    if (bytes == room) return false;
    to[bytes++] = text[at];
  }
  name = {to, bytes};
  return true;
}

const char* ParseModule(const unsigned char* tag, uint32_t bytes, BootInfo& info) {
  if (bytes < 17) return "multiboot2: a module tag is too short";
  uint32_t begin = Load<uint32_t>(tag + 8), end = Load<uint32_t>(tag + 12);
  if (end < begin) return "multiboot2: a module ends before it begins";
  char decoded[kMostNameBytes];
  std::string_view name;
  if (!DecodeName(TextAt(tag + 16, bytes - 16), decoded, sizeof decoded, name)) {
    return "multiboot2: the name of a module is longer than 255 bytes";
  }
  return info.AddModule(name, begin, end - begin);
}

const char* ParseTag(uint32_t type, const unsigned char* tag, uint32_t bytes, uint64_t address, BootInfo& info) {
  switch (type) {
    case kCommandLine: return info.SetCommandLine(TextAt(tag + kHeaderBytes, bytes - kHeaderBytes));
    case kModule: return ParseModule(tag, bytes, info);
    case kMemoryMap: return ParseMemoryMap(tag, bytes, info);
    case kAcpiOld:  // a copy of the root pointer itself; the newer one wins
      if (info.rsdp == 0) info.rsdp = address + kHeaderBytes;
      return nullptr;
    case kAcpiNew: info.rsdp = address + kHeaderBytes; return nullptr;
    default: return nullptr;
  }
}

}  // namespace

const char* ParseMultiboot2(const reg::PhysicalMemory& memory, uint64_t address, BootInfo& info) {
  const unsigned char* start = memory.At(address, kHeaderBytes);
  if (start == nullptr) return "multiboot2: the boot information cannot be read";
  uint32_t total = Load<uint32_t>(start);
  if (total < kHeaderBytes || total > kMostBytes) return "multiboot2: the boot information states an impossible size";
  start = memory.At(address, total);
  if (start == nullptr) return "multiboot2: the boot information is truncated";
  for (uint32_t at = kHeaderBytes; total - at >= kHeaderBytes;) {
    uint32_t type = Load<uint32_t>(start + at), bytes = Load<uint32_t>(start + at + 4);
    if (type == kEnd) return info.memory_count != 0 ? nullptr : "multiboot2: the loader gave no memory map";
    if (bytes < kHeaderBytes || bytes > total - at) return "multiboot2: a tag is longer than the boot information";
    if (const char* problem = ParseTag(type, start + at, bytes, address + at, info)) return problem;
    uint32_t step = (bytes + 7) & ~uint32_t{7};  // tags are 8-byte aligned [mb2 3.6.2]
    if (step > total - at) break;
    at += step;
  }
  return "multiboot2: the boot information has no end tag";
}

}  // namespace toro::baremetal
