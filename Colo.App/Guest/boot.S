/*
 * Entry by the x86/HVM direct boot ABI (PVH): 32-bit protected mode, paging off, interrupts off, ebx = hvm_start_info.
 *
 * As few instructions as possible run at CPL 0, because a host without hardware virtualization emulates each of them:
 * static page tables, descriptors and TSS are used as they stand in the image, and all other work is done at CPL 3.
 * The selectors are those of 64-bit Linux, the only ones that every such host enters directly.
 */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define TSS_SEL   0x18
#define USER_DS   0x2b
#define USER_CS   0x33

#define PTE_TABLE 0x07          /* present, writable, user */
#define PTE_2M    0x87          /* and a 2 MiB page */

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad _start

    /* colo, type 1: the page tables are fixed after boot, so a host that shadows them need not drop its shadow when it
       replaces the memory's content by a later state of the same guest. */
    .section .note.colo, "a", @note
    .balign 4
    .long 5, 4, 1
    .asciz "colo"
    .balign 4
    .long 1

    .section .text.boot, "ax", @progbits
    .code32
    .globl _start
_start:
    movl %ebx, start_info_address
    /* The TSS descriptor scatters its base over four fields; no relocation can do that. */
    movl $tss, %eax
    movw %ax, gdt + TSS_SEL + 2
    shrl $16, %eax
    movb %al, gdt + TSS_SEL + 4
    movb %ah, gdt + TSS_SEL + 7
    lgdt gdt_pointer
    movl $0x620, %eax           /* PAE, OSFXSR, OSXMMEXCPT: the compiler uses SSE2 */
    movl %eax, %cr4
    movl $pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx      /* EFER.LME */
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl $0x80010033, %eax      /* PG, WP, NE, ET, MP, PE */
    movl %eax, %cr0
    ljmp $KERNEL_CS, $1f
    .code64
1:
    movl $USER_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl $KERNEL_DS, %eax
    movl %eax, %ss
    lidt idt_pointer            /* filled in at CPL 3, before anything can interrupt */
    movl $TSS_SEL, %eax
    ltr %ax
    movl $kernel_stack_top, %esp
    pushq $USER_DS
    pushq $user_stack_top
    pushq $0x202                /* IF set: nothing is unmasked yet, and IOPL 0 forbids sti later */
    pushq $USER_CS
    pushq $1f
    /* The 8259 of a PC wakes up unmasked, with vectors that are the CPU's exceptions, and the PIT ticks. */
    movb $0xff, %al
    outb %al, $0x21
    outb %al, $0xa1
    iretq
1:
    /* CPL 3 from here on. A loader need not have cleared what follows the file's part of the segment. */
    cld
    movl $_bss_start, %edi
    movl $_bss_end, %ecx
    subl %edi, %ecx
    shrl $3, %ecx
    xorl %eax, %eax
    rep stosq
    xorl %ebp, %ebp
    call guest_main
2:  jmp 2b

    .section .data.pages, "aw", @progbits
    .balign 4096
    .globl pml4, page_directories
pml4:
    .quad pdpt + PTE_TABLE
    .fill 511, 8, 0
    .globl pdpt
pdpt:
    .quad page_directories + PTE_TABLE
    .quad page_directories + 0x1000 + PTE_TABLE
    .quad page_directories + 0x2000 + PTE_TABLE
    .quad page_directories + 0x3000 + PTE_TABLE
    .fill 508, 8, 0
page_directories:               /* the first 16 MiB; paging.c adds what the memory map tells */
    .set page, 0
    .rept 8
    .quad page * 0x200000 + PTE_2M
    .set page, page + 1
    .endr
    .fill 512 * 4 - 8, 8, 0

    .globl tss
tss:                            /* Intel SDM vol. 3, 8.7 */
    .long 0
    .quad kernel_stack_top      /* RSP0 */
    .fill 22, 4, 0
    .word 0, 104                /* I/O map base */
    .fill 8192, 1, 0            /* every port is allowed at CPL 3: IOPL is 0 there */
    .byte 0xff
tss_end:

    .balign 16
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 0x08: CPL 0 code, 64 bit */
    .quad 0x00cf93000000ffff    /* 0x10: CPL 0 data */
    .word tss_end - tss - 1, 0  /* 0x18: TSS, base filled in above */
    .byte 0, 0x89, 0, 0
    .quad 0
    .quad 0x00cff3000000ffff    /* 0x28: CPL 3 data */
    .quad 0x00affb000000ffff    /* 0x30: CPL 3 code, 64 bit */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt, 0
    .globl idt_pointer
idt_pointer:
    .word 256 * 16 - 1
    .quad idt

    .globl start_info_address
    .balign 8
start_info_address:
    .quad 0

    .section .bss
    .balign 4096
    .fill 4096, 1, 0
kernel_stack_top:
    .globl work_pending
work_pending:                   /* directly above the stack: see vector_gp */
    .fill 64, 1, 0
    .fill 65536, 1, 0
user_stack_top:
    .globl idt
idt:
    .fill 4096, 1, 0
    .section .note.GNU-stack, "", @progbits
