// The first instructions of every CPU but the first: from real mode to ApplicationCpuEntry() in one step.
//
// The code between trampoline_begin and trampoline_end is copied to a page below 640 KiB, because a start-up interrupt
// can only name such a page [sdm3 9.4.4]. It goes straight to long mode: PE and PG are set together [sdm3 10.8.5].
//
// INVARIANTS
//   I1. It reads its own page and the boot GDT, and writes nothing: all CPUs run it at once, on a page that is
//       read-only.
//   I2. After the far jump it is not needed; start_cpus.cc unmaps the page when all have arrived.

#include "platform/baremetal/cpu/layout.h"

        .section .rodata.trampoline, "a"
        .global trampoline_begin, trampoline_root, trampoline_end
        .code16
trampoline_begin:
        cli
        cld
        movw %cs, %ax
        movw %ax, %ds
        movl $CR4_EARLY, %eax
        movl %eax, %cr4
        movl (trampoline_root - trampoline_begin), %eax
        movl %eax, %cr3
        movl $MSR_EFER, %ecx
        rdmsr
        orl $EFER_LONG_MODE_AND_NX, %eax
        wrmsr
        lgdtl (trampoline_gdt_pointer - trampoline_begin)
        movl $CR0_PAGED, %eax
        movl %eax, %cr0
        ljmpl $SELECTOR_CODE, $application_cpu_long_mode
        .balign 8
trampoline_root:
        .long 0                         // CR3, filled in by the boot CPU
trampoline_gdt_pointer:
        .word 3 * 8 - 1
        .long boot_gdt
trampoline_end:

        .section .text.boot, "ax"
        .code64
application_cpu_long_mode:
        movl $SELECTOR_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        // Which CPU is this? Its local APIC id says [sdm2 CPUID leaves 1, 11].
        xorl %eax, %eax
        cpuid
        cmpl $0xb, %eax
        jb 1f
        movl $0xb, %eax
        xorl %ecx, %ecx
        cpuid
        testl %ebx, %ebx
        jnz 2f
1:      movl $1, %eax
        cpuid
        shrl $24, %ebx
        movl %ebx, %edx
2:      movl $1, %edi
3:      cmpl application_cpu_count, %edi
        jae 4f
        cmpl %edx, application_cpu_apic_ids(, %rdi, 4)
        je 5f
        incl %edi
        jmp 3b
4:      cli                             // nobody started this CPU
        hlt
        jmp 4b
5:      movl $MSR_FS_BASE, %ecx         // compiled code finds its stack canary there
        movl application_cpu_thread_pointers(, %rdi, 8), %eax
        movl (application_cpu_thread_pointers + 4)(, %rdi, 8), %edx
        wrmsr
        movq application_cpu_stacks(, %rdi, 8), %rsp
        xorl %ebp, %ebp
        call ApplicationCpuEntry
        ud2

        .section .note.GNU-stack, "", @progbits
