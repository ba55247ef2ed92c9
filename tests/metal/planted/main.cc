// planted: spoils one thing behind the kernel's back before the self-check, which must find it. Bare machine only.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "platform/baremetal/boot/before_self_check.h"

int main() {
  std::puts("the self-check let it start");
  return 0;
}

namespace toro::baremetal {
namespace {

constexpr uint64_t kPresent = 1, kWritable = 2, kLarge = 0x80, kNoExecute = uint64_t{1} << 63;

// The entry that translates `address` [sdm3 4.5].
uint64_t& EntryOf(uint64_t* table, uint64_t address) {
  for (int shift = 39;; shift -= 9) {
    uint64_t& entry = table[address >> shift & 511];
    if (shift == 12 || !(entry & kPresent) || (entry & kLarge)) return entry;
    table = reinterpret_cast<uint64_t*>(entry & 0x000ffffffffff000);
  }
}

}  // namespace

void BeforeSelfCheck(uint64_t* root, const char* argument) {
  auto is = [argument](const char* name) { return std::strcmp(argument, name) == 0; };
  uint64_t code = reinterpret_cast<uint64_t>(&BeforeSelfCheck);
  if (is("writable-code")) EntryOf(root, code) |= kWritable;
  if (is("executable-data")) EntryOf(root, uint64_t{16} << 20) &= ~kNoExecute;
  if (is("null-page")) EntryOf(root, 0) = kPresent | kNoExecute;
  if (is("low-page")) EntryOf(root, 0xf000) = 0xf000 | kPresent | kNoExecute;
  if (is("second-address")) EntryOf(root, code) += 4096;
  constexpr uint64_t kCr0WriteProtect = 1 << 16, kCr4Smep = 1 << 20, kCr4Smap = 1 << 21;
  uint64_t cr0, cr4;
  if (is("no-write-protect") || is("no-smep") || is("no-smap")) {
    asm volatile("movq %%cr0, %0; movq %%cr4, %1" : "=r"(cr0), "=r"(cr4));
    if (is("no-write-protect")) asm volatile("movq %0, %%cr0" : : "r"(cr0 & ~kCr0WriteProtect));
    if (is("no-smep")) asm volatile("movq %0, %%cr4" : : "r"(cr4 & ~kCr4Smep));
    if (is("no-smap")) asm volatile("movq %0, %%cr4" : : "r"(cr4 & ~kCr4Smap));
  }
}

}  // namespace toro::baremetal
