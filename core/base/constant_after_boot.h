// TORO_CONSTANT_AFTER_BOOT: a global variable that begins as zeroes, is filled at boot, and is only read afterwards.
//
// WHY. A wild write into the kernel's tables of CPUs or interrupt gates ends somewhere else, and later. The bare
// machine makes these pages read-only before the application runs, so the write faults; in the hosted world they are
// ordinary variables.
#ifndef CORE_BASE_CONSTANT_AFTER_BOOT_H_
#define CORE_BASE_CONSTANT_AFTER_BOOT_H_

#define TORO_CONSTANT_AFTER_BOOT [[gnu::section(".bss.constant_after_boot")]]

#endif  // CORE_BASE_CONSTANT_AFTER_BOOT_H_
