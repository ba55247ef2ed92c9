// Where the image and its parts lie in memory: from kernel.ld and from the program headers that are loaded with it.
#ifndef PLATFORM_BAREMETAL_CPU_IMAGE_LAYOUT_H_
#define PLATFORM_BAREMETAL_CPU_IMAGE_LAYOUT_H_

#include <cstdint>

extern "C" {
extern const unsigned char __image_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[],
    __data_end[];
extern const unsigned char __constant_after_boot_start[], __constant_after_boot_end[];
extern const unsigned char __symbols_start[];
}

namespace toro::baremetal {

inline uint64_t AddressOf(const unsigned char* symbol) { return reinterpret_cast<uint64_t>(symbol); }

// The first byte after the last loaded segment. The build appends the symbol table after the link, so only the program
// headers know [elf64 2].
inline uint64_t ImageEnd() {
  struct ProgramHeader {
    uint32_t type, flags;
    uint64_t offset, virtual_address, physical_address, file_bytes, memory_bytes, align;
  };
  uint64_t headers = AddressOf(__image_start) + *reinterpret_cast<const uint64_t*>(__image_start + 32);
  uint16_t count = *reinterpret_cast<const uint16_t*>(__image_start + 56);
  uint64_t end = 0;
  for (uint16_t i = 0; i < count; ++i) {
    const auto& header = reinterpret_cast<const ProgramHeader*>(headers)[i];
    uint64_t segment_end = header.virtual_address + header.memory_bytes;
    if (header.type == 1 && segment_end > end) end = segment_end;
  }
  return end;
}

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_IMAGE_LAYOUT_H_
