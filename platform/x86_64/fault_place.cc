// The part of a CPU fault that runs in the handler: what happened, and where the exception begins.
#include "platform/x86_64/fault_throw.h"

namespace toro::x86_64 {
namespace {

constexpr uint64_t kRedZoneBytes = 128;

// Bits of a page fault's error code [sdm3 4.7].
constexpr uint64_t kWasWrite = 2, kWasFetch = 16;

// [sdm3 6.3.1]. The others end the kernel: see core/kernel/cpu_fault.h.
bool KindOf(uint8_t vector, FaultKind& kind) {
  switch (vector) {
    case 0: kind = FaultKind::kDivide; return true;
    case 4: kind = FaultKind::kOverflow; return true;
    case 5: kind = FaultKind::kBound; return true;
    case 6: kind = FaultKind::kIllegalInstruction; return true;
    case 7: kind = FaultKind::kDeviceNotAvailable; return true;
    case 11: kind = FaultKind::kSegmentNotPresent; return true;
    case 12: kind = FaultKind::kStackSegment; return true;
    case 10:
    case 13: kind = FaultKind::kProtection; return true;
    case 14: kind = FaultKind::kPage; return true;
    case 16: kind = FaultKind::kFloatingPoint; return true;
    case 17: kind = FaultKind::kAlignment; return true;
    case 19: kind = FaultKind::kSimd; return true;
    default: return false;
  }
}

bool Contains(uint64_t stack_low, uint64_t stack_top, uint64_t address, uint64_t bytes) {
  return address >= stack_low && address < stack_top && stack_top - address >= bytes;
}

}  // namespace

bool ClassifyFault(FaultRecord& record) {
  if (!KindOf(record.vector, record.kind)) return false;
  record.instruction = record.unwind_instruction = record.registers[kRip];
  record.unwind_stack = record.registers[kRsp];
  // These two are traps: the address is that of the next instruction, which may lie behind the try block.
  if (record.kind == FaultKind::kOverflow || record.kind == FaultKind::kBound) --record.unwind_instruction;
  if (record.kind == FaultKind::kPage) {
    record.access = (record.error_code & kWasFetch)   ? FaultAccess::kExecute
                    : (record.error_code & kWasWrite) ? FaultAccess::kWrite
                                                      : FaultAccess::kRead;
  } else {
    record.address = 0;
  }
  return true;
}

void RecordBacktrace(FaultRecord& record, uint64_t stack_low, uint64_t stack_top) {
  uint64_t sp = record.registers[kRsp];
  if (!Contains(stack_low, stack_top, sp, 8)) return;
  auto add = [&record](uint64_t address) { record.frames[record.frame_count++] = address; };
  bool jumped_nowhere = record.kind == FaultKind::kPage && record.access == FaultAccess::kExecute;
  if (jumped_nowhere) {
    // A call of what is no code has made no frame: the unwinder starts in the call.
    uint64_t caller = *reinterpret_cast<const uint64_t*>(sp) - 1;
    record.unwind_instruction = caller;
    record.unwind_stack = sp + 8;
    add(caller);
  } else {
    add(record.instruction);
  }
  for (uint64_t frame = record.registers[kRbp], above = sp; record.frame_count < FaultRecord::kMostFrames;) {
    if (frame < above || frame % 8 != 0 || !Contains(stack_low, stack_top, frame, 16)) return;
    const uint64_t* words = reinterpret_cast<const uint64_t*>(frame);
    if (words[1] == 0) return;
    add(words[1] - 1);  // in the call, not behind it
    above = frame + 16;
    frame = words[0];
  }
}

FaultRecord* PlaceOnStack(const FaultRecord& record, uint64_t stack_low, uint64_t stack_top) {
  if (toro_throw_cpu_fault == nullptr) return nullptr;
  uint64_t sp = record.registers[kRsp];
  uint64_t needed_bytes = kRedZoneBytes + sizeof(FaultRecord) + 16;
  if (sp < stack_low || sp > stack_top || sp - stack_low < needed_bytes) return nullptr;
  uint64_t place = (sp - kRedZoneBytes - sizeof(FaultRecord)) & ~uint64_t{15};
  auto* copy = reinterpret_cast<FaultRecord*>(place);
  *copy = record;
  return copy;
}

}  // namespace toro::x86_64
