// boot.S: from the loader to KernelEntry() in 64-bit mode, on the boot CPU.
//
// WHY. One ELF serves two protocols, both of which enter in 32-bit protected mode without paging:
//   multiboot2  eax = 0x36d76289, ebx = boot information            [mb2 3.3]   GRUB, from an ISO or a disk
//   PVH         [ebx] = 0x336ec578, ebx = hvm_start_info            [pvh]       qemu -kernel, Firecracker, Cloud
//   Hypervisor
// Whoever else jumps here gets a message and a failing exit: nothing is guessed.
//
// INVARIANTS
//   I1. Nothing below 1 MiB is written.
//   I2. The tables built here map the first 4 GiB, all of it writable and executable; they serve until
//       BuildAddressSpace (address_space.cc) replaces them, before any other CPU runs.
//   I3. What runs before the mode is known is encoded alike in 32-bit and 64-bit mode (no push, inc, absolute address).
//
// COST. About 2,100 table stores; no wait, no BIOS call, no VGA mode.

#include "platform/baremetal/cpu/layout.h"

        .set MULTIBOOT2_MAGIC, 0x36d76289
        .set PVH_MAGIC, 0x336ec578

        // The header that GRUB looks for in the first 32 KiB of the file [mb2 3.1].
        .section .boot.header, "a"
        .balign 8
multiboot2_header:
        .long 0xe85250d6, 0, multiboot2_header_end - multiboot2_header
        .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
        .word 6, 0                      // modules on page boundaries
        .long 8
        .word 0, 0                      // end
        .long 8
multiboot2_header_end:

        // XEN_ELFNOTE_PHYS32_ENTRY [pvh].
        .section .note.pvh, "a", @note
        .balign 4
        .long 4, 4, 18
        .asciz "Xen"
        .long _start

        .section .text.boot, "ax"
        .code32
        .global _start
_start:
        cli
        cld
        xorl %ecx, %ecx
        .byte 0x41, 0x90                // 32-bit: inc %ecx; nop.  64-bit: one instruction, ecx stays 0
        testl %ecx, %ecx
        jz unknown_loader
        movl %ebx, %esi                 // the second argument of KernelEntry
        movl $MULTIBOOT2_MAGIC, %edi    // and the first
        cmpl %edi, %eax
        je known_loader
        movl $PVH_MAGIC, %edi
        cmpl %edi, (%ebx)
        jne unknown_loader
known_loader:
        movl $(boot_cpu_area + CPU_AREA_LOOP_STACK_TOP), %esp
        call require_long_mode
        call build_boot_tables
        movl $CR4_EARLY, %eax
        movl %eax, %cr4
        movl $boot_tables, %eax
        movl %eax, %cr3
        movl $MSR_EFER, %ecx
        rdmsr
        orl $EFER_LONG_MODE_AND_NX, %eax
        wrmsr
        movl $CR0_PAGED, %eax
        movl %eax, %cr0
        lgdt boot_gdt_pointer
        ljmp $SELECTOR_CODE, $enter_long_mode

        // Stops with a message unless CPUID knows long mode and no-execute [sdm2 CPUID].
require_long_mode:
        pushl %edi
        pushl %esi
        movl $0x80000000, %eax
        cpuid
        cmpl $0x80000001, %eax
        jb no_long_mode
        movl $0x80000001, %eax
        cpuid
        andl $((1 << 29) | (1 << 20)), %edx
        cmpl $((1 << 29) | (1 << 20)), %edx
        jne no_long_mode
        popl %esi
        popl %edi
        ret

        // boot_tables: one root, one directory pointer table, four directories of 2 MiB pages.
build_boot_tables:
        movl $(boot_tables + 0x1000 + 3), boot_tables
        movl $(boot_tables + 0x2000 + 3), %eax
        movl $(boot_tables + 0x1000), %edx
        movl $4, %ecx
1:      movl %eax, (%edx)
        addl $0x1000, %eax
        addl $8, %edx
        decl %ecx
        jnz 1b
        movl $0x83, %eax                // present, writable, large
        movl $(boot_tables + 0x2000), %edx
        movl $2048, %ecx
2:      movl %eax, (%edx)
        addl $0x200000, %eax
        addl $8, %edx
        decl %ecx
        jnz 2b
        ret

no_long_mode:
        movl $no_long_mode_text, %esi
        jmp complain
unknown_loader:
        movl $unknown_loader_text, %esi
        // Writes the text at esi to COM1 and to the VGA text screen, then leaves with status 1 or halts.
complain:
        movl $0xb8000, %edi
        movl $0x3fb, %edx
        movb $3, %al                    // 8 data bits, no parity, one stop bit; the rate stays as it is
        outb %al, %dx
next_character:
        lodsb
        testb %al, %al
        jz stop
        movl $10000, %ecx               // bounded: there may be no serial port
        movl %eax, %ebx
        movl $0x3fd, %edx
wait_for_room:
        inb %dx, %al
        testb $0x20, %al
        jnz room
        subl $1, %ecx
        jnz wait_for_room
room:
        movl %ebx, %eax
        movl $0x3f8, %edx
        outb %al, %dx
        movb $0x07, %ah
        movw %ax, (%edi)
        addl $2, %edi
        jmp next_character
stop:
        movl $EXIT_PORT, %edx
        movl $1, %eax
        outl %eax, %dx
halt:
        hlt
        jmp halt

        .code64
enter_long_mode:
        movl $SELECTOR_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        // Compiled code finds its stack canary at the thread pointer, from its first function on.
        movl $MSR_FS_BASE, %ecx
        movl $early_thread_block, %eax
        xorl %edx, %edx
        wrmsr
        movl $(boot_cpu_area + CPU_AREA_LOOP_STACK_TOP), %esp
        movl %edi, %edi
        movl %esi, %esi
        xorl %ebp, %ebp
        call KernelEntry
        ud2

        .section .rodata.boot, "a"
unknown_loader_text:
        .ascii "toro: cannot start: the loader is neither multiboot2 (GRUB) nor PVH (qemu -kernel); "
        .asciz "boot the ISO with GRUB, or this ELF with qemu-system-x86_64 -kernel\n"
no_long_mode_text:
        .ascii "toro: cannot start: this CPU has no 64-bit mode with no-execute pages; "
        .asciz "use an x86-64 CPU (qemu-system-x86_64 -cpu max)\n"

        .balign 8
        .global boot_gdt, boot_gdt_pointer
boot_gdt:
        .quad 0, GDT_CODE, GDT_DATA
boot_gdt_pointer:
        .word . - boot_gdt - 1
        .long boot_gdt
        .long 0

        .section .bss.boot_tables, "aw", @nobits
        .balign 4096
        .global boot_tables
boot_tables:
        .skip 6 * 4096

        .section .note.GNU-stack, "", @progbits
