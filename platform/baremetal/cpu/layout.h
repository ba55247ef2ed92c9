// Numbers that assembler and C++ share. cpu_area.h asserts that they are the offsets that the compiler sees.
#ifndef PLATFORM_BAREMETAL_CPU_LAYOUT_H_
#define PLATFORM_BAREMETAL_CPU_LAYOUT_H_

// Segments of every GDT [sdm3 3.4.5]: flat 64-bit code, flat data, then the TSS.
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS 0x18
#define GDT_CODE 0x00af9b000000ffff
#define GDT_DATA 0x00cf93000000ffff

// Control registers while a CPU enters long mode [sdm3 2.5]. CR4: PAE, PGE, OSFXSR, OSXMMEXCPT. CR0: PE MP NE ET WP PG.
#define CR4_EARLY 0x6a0
#define CR0_PAGED 0x80010033
#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100
#define EFER_LONG_MODE_AND_NX 0x900

// QEMU's isa-debug-exit: a write of N ends QEMU with status 2 N + 1.
#define EXIT_PORT 0xf4

// CpuArea: stacks of one CPU, each above a guard page, and its CpuBlock (cpu_area.h).
#define CPU_AREA_LOOP_STACK_TOP 0x5000

// CpuBlock, relative to %gs.
#define CPU_BLOCK_ANCHOR 0
#define CPU_BLOCK_WAKE_LATCHED 8
#define CPU_BLOCK_TIMER_DEADLINE 16
#define CPU_BLOCK_LOOP_STACK_TOP 24
#define CPU_BLOCK_STALL_BOUND 48
#define CPU_BLOCK_DEVICE_LINES 64

// InterruptLine (core/device/interrupt_line.h).
#define LINE_ACKNOWLEDGE 0
#define LINE_COUNT 8
#define LINE_CAUSES 12

// How many interrupts of devices a CPU can take.
#define DEVICE_VECTORS 16

#endif  // PLATFORM_BAREMETAL_CPU_LAYOUT_H_
