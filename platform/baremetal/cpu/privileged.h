// Instructions that only ring 0 may execute, and the numbers of the registers that they reach [sdm2] [sdm4 2].
#ifndef PLATFORM_BAREMETAL_CPU_PRIVILEGED_H_
#define PLATFORM_BAREMETAL_CPU_PRIVILEGED_H_

#include <cstdint>

namespace toro::baremetal {

inline constexpr uint32_t kMsrApicBase = 0x1b;
inline constexpr uint32_t kMsrPageAttributes = 0x277;
inline constexpr uint32_t kMsrTscDeadline = 0x6e0;
inline constexpr uint32_t kMsrEfer = 0xc0000080;
inline constexpr uint32_t kMsrFsBase = 0xc0000100;
inline constexpr uint32_t kMsrGsBase = 0xc0000101;

inline constexpr uint64_t kCr0WriteProtect = uint64_t{1} << 16;
inline constexpr uint64_t kEferNoExecute = uint64_t{1} << 11;
inline constexpr uint64_t kCr4Umip = uint64_t{1} << 11;
inline constexpr uint64_t kCr4FsGsBase = uint64_t{1} << 16;
inline constexpr uint64_t kCr4Smep = uint64_t{1} << 20;
inline constexpr uint64_t kCr4Smap = uint64_t{1} << 21;

struct [[gnu::packed]] DescriptorTablePointer {
  uint16_t limit;
  uint64_t base;
};

struct CpuIdLeaf {
  uint32_t eax, ebx, ecx, edx;
};

inline CpuIdLeaf ReadCpuId(uint32_t leaf, uint32_t subleaf = 0) {
  CpuIdLeaf r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

// Page attributes [sdm3 11.12.2]: as after power-on, but the second entry, which nothing used, is write-combining (1)
// and not write-through (4). An entry of a page table names it by the write-through bit.
inline constexpr uint64_t kPageAttributes = 0x0007040600070106;
inline bool HasPageAttributes() { return (ReadCpuId(1).edx & 1 << 16) != 0; }

inline uint64_t ReadMsr(uint32_t number) {
  uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return uint64_t{high} << 32 | low;
}

inline void WriteMsr(uint32_t number, uint64_t value) {
  asm volatile("wrmsr"
               :
               : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
               : "memory");
}

inline uint64_t ReadCr0() {
  uint64_t value;
  asm volatile("movq %%cr0, %0" : "=r"(value));
  return value;
}

inline uint64_t ReadCr2() {
  uint64_t value;
  asm volatile("movq %%cr2, %0" : "=r"(value));
  return value;
}

inline uint64_t ReadCr3() {
  uint64_t value;
  asm volatile("movq %%cr3, %0" : "=r"(value));
  return value;
}

inline void WriteCr3(uint64_t value) { asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); }

inline uint64_t ReadCr4() {
  uint64_t value;
  asm volatile("movq %%cr4, %0" : "=r"(value));
  return value;
}

inline void WriteCr4(uint64_t value) { asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); }

inline void InvalidatePage(const void* page) { asm volatile("invlpg (%0)" : : "r"(page) : "memory"); }

inline void FlushLine(const void* line) { asm volatile("clflush (%0)" : : "r"(line) : "memory"); }

inline void DisableInterrupts() { asm volatile("cli" : : : "memory"); }
inline void EnableInterrupts() { asm volatile("sti" : : : "memory"); }

[[noreturn]] inline void HaltForEver() {
  for (;;) asm volatile("cli; hlt");
}

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_PRIVILEGED_H_
