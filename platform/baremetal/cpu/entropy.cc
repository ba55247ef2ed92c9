#include "platform/baremetal/cpu/entropy.h"

#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/jitter.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/cpu_instructions.h"

namespace toro::baremetal {
namespace {

constexpr int kTries = 10;  // [sdm1 7.3.17.1]: more failures in a row mean that the generator is broken

// Found out by SeedFromEntropy: CPUID makes a virtual machine exit.
constinit bool has_rdrand = false, has_rdseed = false;

bool ReadRdrand(uint64_t& word) {
  bool ok;
  asm volatile("rdrand %0" : "=r"(word), "=@ccc"(ok) : : "cc");
  return ok;
}

bool ReadRdseed(uint64_t& word) {
  bool ok;
  asm volatile("rdseed %0" : "=r"(word), "=@ccc"(ok) : : "cc");
  return ok;
}

bool Insist(bool (*read)(uint64_t&), uint64_t& word) {
  for (int i = 0; i < kTries; ++i) {
    if (read(word)) return true;
    x86_64::Pause();
  }
  return false;
}

// Some generators have been seen to report success and give the same word for ever.
bool ReadTwoDifferent(bool (*read)(uint64_t&), uint64_t& word) {
  uint64_t first;
  return Insist(read, first) && Insist(read, word) && first != word;
}

// A port that every PC has and that nothing happens at; without one, the access takes its time all the same.
void AccessDevice() { (void)reg::IoPorts::Read8(0x61); }

uint64_t GatherEntropy() {
  uint64_t word;
  if (!ReadHardwareRandom(word)) word = GatherJitter(&x86_64::ReadTimeStampCounter, &AccessDevice);
  return Mix(word ^ Mix(x86_64::ReadTimeStampCounter()));
}

}  // namespace

bool ReadHardwareRandom(uint64_t& word) {
  return (has_rdseed && ReadTwoDifferent(&ReadRdseed, word)) || (has_rdrand && ReadTwoDifferent(&ReadRdrand, word));
}

void SeedFromEntropy(CpuBlock& block) {
  has_rdrand = ReadCpuId(1).ecx & 1 << 30;
  has_rdseed = ReadCpuId(0).eax >= 7 && (ReadCpuId(7).ebx & 1 << 18);
  for (uint64_t& word : block.random_words) word = GatherEntropy();
}

void SeedFrom(CpuBlock& from, CpuBlock& to) {
  for (uint64_t& word : to.random_words) word = NextRandom(from);
}

}  // namespace toro::baremetal
