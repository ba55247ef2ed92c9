// The packed form of several input files, for protocols that hand over one module (PVH under QEMU). tools/toro/pack.py
// writes it:
//
// LAYOUT. The line "TOROPACK1", then for each file: a line "<bytes> <name bytes>" (decimal, one space), the name, a
// newline, the content. Nothing is padded. The end of the module is the end of the pack.
#ifndef PLATFORM_BAREMETAL_BOOT_INPUT_PACK_H_
#define PLATFORM_BAREMETAL_BOOT_INPUT_PACK_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "core/kernel/cluster.h"

namespace toro::baremetal {

bool IsInputPack(std::string_view module);

// Cuts `module` into `files`, which then point into it. Returns null and sets `count`, or what is wrong.
const char* ReadInputPack(std::string_view module, std::span<InputFile> files, size_t& count);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_INPUT_PACK_H_
