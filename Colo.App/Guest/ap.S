/*
 * Where a further CPU begins after INIT and SIPI: real mode, in a copy of this code in the page AP_PAGE. It takes the boot
 * CPU's page tables, and the descriptors and stacks of its own struct cpu (smp.c), and goes on at CPL 3 in worker_main.
 * Few instructions, as in boot.S and for the same reason.
 */
#define AP_BASE   0x8000        /* AP_PAGE of platform.h */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define TSS_SEL   0x18
#define USER_DS   0x2b
#define USER_CS   0x33
#define FLAT_CS   0x18          /* of the table below alone */

    .section .rodata
    .balign 16
    .globl ap_code, ap_code_end
    .code16
ap_code:
    cli
    movw %cs, %ax
    movw %ax, %ds
    lgdtl ap_gdt_pointer - ap_code
    movl $0x11, %eax            /* ET, PE */
    movl %eax, %cr0
    ljmpl $FLAT_CS, $AP_BASE + (1f - ap_code)
    .code32
1:  movl $0x620, %eax           /* as in boot.S */
    movl %eax, %cr4
    movl $pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl $0x80010033, %eax
    movl %eax, %cr0
    ljmp $KERNEL_CS, $ap_start

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 0x08: CPL 0 code, 64 bit */
    .quad 0x00cf93000000ffff    /* 0x10: CPL 0 data */
    .quad 0x00cf9b000000ffff    /* 0x18: CPL 0 code, 32 bit */
ap_gdt_pointer:
    .word ap_gdt_pointer - ap_gdt - 1
    .long AP_BASE + (ap_gdt - ap_code)
ap_code_end:

    .text
    .code64
ap_start:
    /* Which one am I? One that nobody expects, or no longer, stays here. */
    movl $0xfee00020, %eax
    movl (%rax), %eax
    shrl $24, %eax
    movq cpu_of_apic(,%rax,8), %rdi
    testq %rdi, %rdi
    jz 2f
    lgdt (%rdi)                 /* the first fields of struct cpu */
    movl $USER_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl $KERNEL_DS, %eax
    movl %eax, %ss
    lidt idt_pointer
    movl $TSS_SEL, %eax
    ltr %ax
    movq 16(%rdi), %rsp
    pushq $USER_DS
    pushq 24(%rdi)
    pushq $0x202
    pushq $USER_CS
    pushq $worker_main
    iretq
2:  hlt
    jmp 2b
    .section .note.GNU-stack, "", @progbits
