// exceptions: makes every mistake that the CPU notices, on CPU 0 and on CPU 1 (if there is one), and catches each.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "core/kernel/cpu_fault.h"
#include "core/kernel/toro.h"

namespace {

volatile int zero = 0;
volatile uint64_t non_canonical = 0x0123'4567'89ab'cdef;
constexpr char kConstant[] = "constant";
volatile char data[16] = {};

// Ring 0 is the bare machine, ring 3 a Linux process: a few causes differ.
bool InRing0() {
  uint16_t code_segment;
  asm volatile("movw %%cs, %0" : "=r"(code_segment));
  return (code_segment & 3) == 0;
}

void Call(uintptr_t address) { reinterpret_cast<void (*)()>(address)(); }

void Write(uintptr_t address) { *reinterpret_cast<volatile char*>(address) = 1; }

void DivideTooFar() {
  uint64_t low = 0, high = 1;
  asm volatile("divq %2" : "+a"(low), "+d"(high) : "r"(uint64_t{1}));
}

void LoadBadSelector() { asm volatile("movl %0, %%ds" : : "r"(0xfff8)); }

// rbp is not where the frame is while this faults: the unwind information follows the stack pointer.
asm(R"(
  .text
  .type ReadThroughBadFramePointer, @function
ReadThroughBadFramePointer:
  .cfi_startproc
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset rbp, 0
  movq %rdi, %rbp
  movq (%rbp), %rax
  popq %rbp
  .cfi_adjust_cfa_offset -8
  .cfi_restore rbp
  ret
  .cfi_endproc
  .size ReadThroughBadFramePointer, . - ReadThroughBadFramePointer
)");
extern "C" void ReadThroughBadFramePointer(uint64_t address);

// Puts the control words back when a cause has changed them. It stands in the caller of the cause: the compiler does
// not expect an exception from an asm statement, so what lies in the same function is not destroyed.
class KeptControls {
 public:
  KeptControls() { asm volatile("fnstcw %0; stmxcsr %1" : "=m"(x87_), "=m"(vector_)); }
  ~KeptControls() { asm volatile("fldcw %0; ldmxcsr %1" : : "m"(x87_), "m"(vector_)); }
  KeptControls(const KeptControls&) = delete;
  KeptControls& operator=(const KeptControls&) = delete;

 private:
  uint16_t x87_;
  uint32_t vector_;
};

void UnmaskDivision() {
  uint16_t x87;
  uint32_t vector;
  asm volatile("fnstcw %0; stmxcsr %1" : "=m"(x87), "=m"(vector));
  x87 &= static_cast<uint16_t>(~4);
  vector &= ~uint32_t{0x200};
  asm volatile("fldcw %0; ldmxcsr %1" : : "m"(x87), "m"(vector));
}

void DivideByX87() {
  UnmaskDivision();
  asm volatile("fld1; fldz; fdivrp; fwait" : : : "st", "st(1)");
}

void DivideByVector() {
  UnmaskDivision();
  float one = 1, none = 0;
  asm volatile("divss %1, %0" : "+x"(one) : "x"(none));
  // QEMU's emulation sets the flag and goes on. The interrupt is what a CPU would have done.
  if (InRing0()) asm volatile("int $19");
}

// In ring 0 the unit is switched off, as a lazy switch of its registers would do; in ring 3 alignment is checked.
void UseUnitThatIsOff() {
  if (InRing0()) {
    uint64_t control;
    asm volatile("movq %%cr0, %0; orq $8, %0; movq %0, %%cr0; fldz; fstp %%st(0)" : "=r"(control) : : "st");
  } else {
    uint64_t value;
    asm volatile("leaq -128(%%rsp), %%rsp; pushfq; orq $0x40000, (%%rsp); popfq; leaq 128(%%rsp), %%rsp; movq 1(%1), %0"
                 : "=&r"(value)
                 : "r"(data)
                 : "cc", "memory");
  }
}

struct Cause {
  const char* name;
  toro::FaultKind ring_0;
  toro::FaultKind ring_3;
  void (*make)();
};

using Kind = toro::FaultKind;
constexpr Cause kCauses[] = {
    {"5 / 0", Kind::kDivide, Kind::kDivide, [] { zero = 5 / zero; }},
    {"a quotient of 65 bits", Kind::kDivide, Kind::kDivide, &DivideTooFar},
    {"read of the null pointer", Kind::kPage, Kind::kPage, [] { zero = *static_cast<volatile int*>(nullptr); }},
    {"write to the last address", Kind::kPage, Kind::kPage, [] { Write(~uintptr_t{0}); }},
    {"write to a constant", Kind::kPage, Kind::kPage, [] { Write(reinterpret_cast<uintptr_t>(kConstant)); }},
    {"call of the null pointer", Kind::kPage, Kind::kPage, [] { Call(0); }},
    {"call of data", Kind::kPage, Kind::kPage, [] { Call(reinterpret_cast<uintptr_t>(data)); }},
    {"write to no address", Kind::kProtection, Kind::kProtection, [] { Write(non_canonical); }},
    {"a bad selector in DS", Kind::kProtection, Kind::kProtection, &LoadBadSelector},
    {"a bad frame pointer", Kind::kStackSegment, Kind::kStackSegment,
     [] { ReadThroughBadFramePointer(non_canonical); }},
    {"the instruction UD2", Kind::kIllegalInstruction, Kind::kIllegalInstruction, [] { asm volatile("ud2"); }},
    {"the bytes FF FF", Kind::kIllegalInstruction, Kind::kIllegalInstruction, [] { asm volatile(".byte 0xff, 0xff"); }},
    {"the instruction INT 4", Kind::kOverflow, Kind::kOverflow, [] { asm volatile("int $4"); }},
    {"the instruction INT 5", Kind::kBound, Kind::kProtection, [] { asm volatile("int $5"); }},
    {"1 / 0 by the x87 unit", Kind::kFloatingPoint, Kind::kFloatingPoint, &DivideByX87},
    {"1 / 0 by a vector instruction", Kind::kSimd, Kind::kSimd, &DivideByVector},
    {"what this ring alone can do", Kind::kDeviceNotAvailable, Kind::kAlignment, &UseUnitThatIsOff},
};

struct Score {
  int made = 0;
  int wrong = 0;
};

void PrintFault(const char* name, const toro::CpuFault& fault) {
  std::printf("CPU %zu: %s: %s", fault.cpu().index(), name, fault.what());
  if (auto* page = dynamic_cast<const toro::PageFault*>(&fault)) {
    static constexpr const char* kAccess[] = {"read", "write", "execution"};
    std::printf(", %s", kAccess[static_cast<int>(page->access())]);
  }
  std::printf("\n");
}

bool IsExpected(const Cause& cause, Kind kind) {
  Kind expected = InRing0() ? cause.ring_0 : cause.ring_3;
  // QEMU's emulation does not tell these two apart.
  return kind == expected || (InRing0() && expected == Kind::kStackSegment && kind == Kind::kProtection);
}

void Try(const Cause& cause, Score& score) {
  ++score.made;
  try {
    KeptControls kept;
    cause.make();
    std::printf("CPU %zu: %s: nothing happened\n", toro::CurrentCpu().index(), cause.name);
    ++score.wrong;
  } catch (const toro::CpuFault& fault) {
    PrintFault(cause.name, fault);
    if (!IsExpected(cause, fault.kind())) ++score.wrong;
  }
}

// On whichever CPU it is called.
Score TryAll() {
  Score score;
  for (const Cause& cause : kCauses) Try(cause, score);
  ++score.made;
  try {
    throw std::runtime_error("an exception of the application");
  } catch (const std::exception& thrown) {
    std::printf("CPU %zu: throw: %s\n", toro::CurrentCpu().index(), thrown.what());
  }
  return score;
}

}  // namespace

int main() {
  Score first = TryAll(), second;
  if (toro::CpuCount() > 1) {
    auto thread = toro::Spawn(toro::CpuId{1}, [&second] { second = TryAll(); }, {.name = "on CPU 1"});
    TORO_CHECK(thread.ok() && toro::Join(thread.value()) == toro::Status::kOk);
  }
  int wrong = first.wrong + second.wrong;
  std::printf("END %d exceptions, %d wrong\n", first.made + second.made, wrong);
  return wrong == 0 ? 0 : 1;
}
