// toro_fault_trampoline: where a thread goes on after a fault that becomes an exception. See fault_throw.h.
//
// On entry rsp and rdi point to a FaultRecord. The unwind information says of every register that it lies in the
// record, at rsp + 8 * its place there (enum Register), and of the stack pointer that it is the record's unwind_stack.
// Being a signal frame, it makes the unwinder take the address as that of the instruction itself
// [dwarf5 6.4.1: augmentation "S" of the GNU tools].

        .section .text.toro_fault_trampoline, "ax", @progbits
        .globl toro_fault_trampoline
        .weak toro_throw_cpu_fault
        .type toro_fault_trampoline, @function

        // DW_CFA_expression of register \number: DW_OP_breg7 (rsp) + 8 * \place, as a signed LEB128 of two bytes.
        .macro lies_at number, place
        .cfi_escape 0x10, \number, 3, 0x77, ((8 * \place) & 0x7f) | 0x80, (8 * \place) >> 7
        .endm

        .balign 16
toro_fault_trampoline:
        .cfi_startproc
        .cfi_signal_frame
        // DW_CFA_def_cfa_expression: DW_OP_breg7 (rsp) + 8 * 19, DW_OP_deref.
        .cfi_escape 0x0f, 4, 0x77, ((8 * 19) & 0x7f) | 0x80, (8 * 19) >> 7, 0x06
        lies_at 0, 14           // rax
        lies_at 1, 11           // rdx
        lies_at 2, 12           // rcx
        lies_at 3, 13           // rbx
        lies_at 4, 10           // rsi
        lies_at 5, 9            // rdi
        lies_at 6, 8            // rbp
        lies_at 7, 19           // rsp
        lies_at 8, 7            // r8
        lies_at 9, 6            // r9
        lies_at 10, 5           // r10
        lies_at 11, 4           // r11
        lies_at 12, 3           // r12
        lies_at 13, 2           // r13
        lies_at 14, 1           // r14
        lies_at 15, 0           // r15
        lies_at 16, 18          // the return address: unwind_instruction
        cld
        // The code that faulted may have been in the middle of a computation: the x87 stack is emptied, and the flags
        // of what raised this exception are cleared, or the next instruction of that unit would raise it again
        // [sdm1 8.6, 11.5.2]. The masks stay.
        fnstcw -8(%rsp)
        fninit
        fldcw -8(%rsp)
        stmxcsr -8(%rsp)
        andl $~0x3f, -8(%rsp)
        ldmxcsr -8(%rsp)
        call toro_throw_cpu_fault@PLT
        ud2
        .cfi_endproc
        .size toro_fault_trampoline, . - toro_fault_trampoline

        .section .note.GNU-stack, "", @progbits
