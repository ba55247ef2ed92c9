// BootInfo: what a loader told us, whichever loader it was.
//
// WHY fixed arrays: this is filled before any memory is ours, and copies everything, so that the loader's own
// structures may be overwritten. A limit that is reached is an error with a name, never a silent loss.
#ifndef PLATFORM_BAREMETAL_BOOT_BOOT_INFO_H_
#define PLATFORM_BAREMETAL_BOOT_BOOT_INFO_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro::baremetal {

// E820 types, which both protocols use [acpi 15.1]. kNone, of what nobody has filled in, is zero, so that the whole
// BootInfo costs no byte of the image.
enum class MemoryType : uint32_t {
  kNone = 0,
  kUsable = 1,
  kReserved = 2,
  kAcpiReclaimable = 3,
  kAcpiNvs = 4,
  kDefective = 5
};

struct BootMemoryRange {
  uint64_t begin = 0;
  uint64_t bytes = 0;
  MemoryType type = MemoryType::kNone;

  uint64_t end() const { return begin + bytes; }
};

struct BootModule {
  std::string_view name;
  uint64_t begin = 0;
  uint64_t bytes = 0;
};

struct BootInfo {
  static constexpr size_t kMostMemoryRanges = 64;
  static constexpr size_t kMostModules = 32;
  static constexpr size_t kMostTextBytes = 4096;

  BootMemoryRange memory[kMostMemoryRanges];
  size_t memory_count = 0;
  BootModule modules[kMostModules];
  size_t module_count = 0;
  std::string_view command_line;
  uint64_t rsdp = 0;  // physical address of the ACPI root pointer; 0: the loader did not say
  char text[kMostTextBytes];
  size_t text_used = 0;

  // Each returns null, or why it could not be done.
  const char* AddMemory(uint64_t begin, uint64_t bytes, uint32_t type) {
    if (bytes == 0) return nullptr;
    if (begin + bytes < begin) return "the loader's memory map has a range that wraps around";
    if (memory_count == kMostMemoryRanges) return "the loader's memory map has more than 64 ranges";
    memory[memory_count++] = {begin, bytes, static_cast<MemoryType>(type)};
    return nullptr;
  }
  const char* AddModule(std::string_view name, uint64_t begin, uint64_t bytes) {
    if (begin + bytes < begin) return "the loader handed over a module that wraps around";
    if (module_count == kMostModules) return "more than 32 boot modules: pass fewer input files";
    std::string_view kept;
    if (!Keep(name, kept)) return kTextFull;
    modules[module_count++] = {kept, begin, bytes};
    return nullptr;
  }
  const char* SetCommandLine(std::string_view line) { return Keep(line, command_line) ? nullptr : kTextFull; }

 private:
  static constexpr const char* kTextFull =
      "command line and module names together are longer than 4096 bytes: shorten them";

  // Each text has a NUL behind it.
  bool Keep(std::string_view from, std::string_view& kept) {
    if (from.size() + 1 > kMostTextBytes - text_used) return false;
    char* at = text + text_used;
    for (size_t i = 0; i < from.size(); ++i) at[i] = from[i];
    at[from.size()] = '\0';
    text_used += from.size() + 1;
    kept = {at, from.size()};
    return true;
  }
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_BOOT_INFO_H_
