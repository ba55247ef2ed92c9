// Entries of the interrupt gates. See interrupts.h for why they do so little.
//
// INVARIANTS
//   I1. Interrupts stay masked from entry to iretq (interrupt gates), so one stack per CPU serves all of them.
//   I2. No vector register is touched on a path that returns to what was interrupted, or all are saved and restored. A
//       fault returns to toro_fault_trampoline, where none is live.

#include "platform/baremetal/cpu/layout.h"

        .section .text.interrupts, "ax"
        .global WakeInterruptEntry, TimerInterruptEntry, SpuriousInterruptEntry

        .balign 16
WakeInterruptEntry:
        movq $1, %gs:CPU_BLOCK_WAKE_LATCHED
        jmp acknowledge

        // Of a device: its line says how to silence it, and takes the note (core/device/interrupt_line.h).
        .altmacro
        .macro device_stub number
        .balign 16
device_stub_\number:
        pushq %rax
        movq %gs:CPU_BLOCK_DEVICE_LINES + \number * 8, %rax
        jmp device_interrupt
        .endm
        .macro device_entry number
        .quad device_stub_\number
        .endm

        .set i, 0
        .rept DEVICE_VECTORS
        device_stub %i
        .set i, i + 1
        .endr

device_interrupt:
        movq $1, %gs:CPU_BLOCK_WAKE_LATCHED
        testq %rax, %rax
        jz 2f
        addl $1, LINE_COUNT(%rax)
        pushq %rcx
        movq LINE_ACKNOWLEDGE(%rax), %rcx
        testq %rcx, %rcx
        jz 1f
        movl (%rcx), %ecx
        orl %ecx, LINE_CAUSES(%rax)
1:      popq %rcx
2:      popq %rax
        jmp acknowledge

        .balign 16
TimerInterruptEntry:
        movq $0, %gs:CPU_BLOCK_TIMER_DEADLINE
        cmpq $0, %gs:CPU_BLOCK_STALL_BOUND
        jne watch_for_stalls
acknowledge:
        pushq %rax
        movq apic_eoi_address, %rax
        testq %rax, %rax
        jz acknowledge_x2apic
        movl $0, (%rax)                 // [sdm3 11.8.5]
        popq %rax
        iretq
acknowledge_x2apic:
        pushq %rcx
        pushq %rdx
        movl $0x80b, %ecx               // [sdm3 11.12.1.2]
        xorl %eax, %eax
        xorl %edx, %edx
        wrmsr
        popq %rdx
        popq %rcx
        popq %rax
        iretq

        // Everything that a function may clobber is saved: the interrupted code expects no call.
watch_for_stalls:
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        movq 72(%rsp), %rdi             // rip of the interrupted code
        movq %rbp, %rsi
        pushq %rbp
        movq %rsp, %rbp
        subq $512, %rsp
        andq $-16, %rsp
        fxsave64 (%rsp)                 // [sdm2 FXSAVE]; AVX is not switched on
        cld
        call StallTick
        fxrstor64 (%rsp)
        movq %rbp, %rsp
        popq %rbp
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rax
        jmp acknowledge

        // A spurious interrupt must not be acknowledged [sdm3 11.9].
        .balign 16
SpuriousInterruptEntry:
        iretq

        // Exceptions: 32 stubs of 16 bytes; the CPU pushes an error code for some of them [sdm3 6.13].
        .macro exception_stub vector
        .balign 16
exception_stub_\vector:
        .set has_error_code, 0
        .irp with, 8, 10, 11, 12, 13, 14, 17, 21, 29, 30
        .if \vector == \with
        .set has_error_code, 1
        .endif
        .endr
        .if has_error_code == 0
        pushq $0
        .endif
        pushq $\vector
        jmp exception_common
        .endm
        .macro exception_entry vector
        .quad exception_stub_\vector
        .endm

        .set i, 0
        .rept 32
        exception_stub %i
        .set i, i + 1
        .endr

exception_common:
        cld
        pushq %rax
        pushq %rbx
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %rbp
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        cmpq $2, 15 * 8(%rsp)           // an NMI may return to what it interrupted
        jne 1f
        movq %rsp, %rbx
        xorl %ebp, %ebp
        andq $-16, %rsp
        subq $512, %rsp
        clts                            // or FXSAVE would fault
        fxsave64 (%rsp)                 // [sdm1 10.5]
        movq %rbx, %rdi
        call TakeNonMaskable
        fxrstor64 (%rsp)
        movq %rbx, %rsp
        testb %al, %al
        jnz exception_return
1:      clts                            // the handler, and what it throws, use the vector unit
        movq %rsp, %rdi
        movq %rsp, %rbx
        xorl %ebp, %ebp
        andq $-16, %rsp
        call HandleException
        // It returned: the frame says where the thread goes on.
        movq %rbx, %rsp
exception_return:
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rbp
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        addq $16, %rsp                  // vector and error code
        iretq

        .section .rodata.exception_entries, "a"
        .balign 8
        .global exception_entries
exception_entries:
        .set i, 0
        .rept 32
        exception_entry %i
        .set i, i + 1
        .endr

        .balign 8
        .global device_entries
device_entries:
        .set i, 0
        .rept DEVICE_VECTORS
        device_entry %i
        .set i, i + 1
        .endr

        .section .note.GNU-stack, "", @progbits
