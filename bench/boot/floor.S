// floor: the least that a machine can do and be seen to run: one word on the serial port, then the end.
//
// WHY. What a guest costs before its first instruction (QEMU, firmware, loader) is the same for all, and no kernel
// can be faster. bench/boot measures it beside the kernel in the same run, and reports the difference.
//
// Both protocols enter in 32-bit protected mode: multiboot2 (GRUB) [mb2 3.3] and PVH (qemu -kernel) [pvh]. Assembled
// with --defsym WAIT=1 it halts after the word, as a machine that is ready and waits.

        .section .header, "a"
        .balign 8
multiboot2_header:
        .long 0xe85250d6, 0, multiboot2_header_end - multiboot2_header
        .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
        .word 0, 0                      // end
        .long 8
multiboot2_header_end:

        // XEN_ELFNOTE_PHYS32_ENTRY [pvh].
        .section .note.pvh, "a", @note
        .balign 4
        .long 4, 4, 18
        .asciz "Xen"
        .long _start

        .section .text, "ax"
        .code32
        .global _start
_start:
        cli
        movl $text, %esi
        movl $(text_end - text), %ecx
next_character:
        movl $0x3fd, %edx
wait_for_room:
        inb %dx, %al
        testb $0x20, %al
        jz wait_for_room
        movl $0x3f8, %edx
        lodsb
        outb %al, %dx
        loop next_character
        .ifndef WAIT
        xorl %eax, %eax
        movl $0xf4, %edx                // isa-debug-exit
        outl %eax, %dx
        .endif
halt:
        hlt
        jmp halt

text:
        .ascii "READY\n"
text_end:

        .section .note.GNU-stack, "", @progbits
