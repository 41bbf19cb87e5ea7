/*
 * What runs at CPL 0 after boot: interrupts leave a bit in work_pending for the main loop, the halt instruction of the
 * idle loop is carried out, and any other exception ends in C code at CPL 3. A few instructions each (see boot.S).
 */
    .text

    /* A halt at CPL 3 raises #GP, on hardware and in emulation alike; it is the only way into CPL 0 that a guest of a
       host without hardware virtualization has left. Directly above each CPU's stack for CPL 0 (RSP0) is a word that says
       whether there is work: work_pending for the boot CPU, busy for a worker. The gate clears IF, so no interrupt can come
       between the look at it and `sti; hlt` (sti holds interrupts back for one instruction): no wake-up is lost. */
    .globl vector_gp
vector_gp:
    cmpq $idle_halt, 8(%rsp)
    jne exception_13
    cmpl $0, 48(%rsp)
    jne 1f
    sti
    hlt
1:  addq $8, %rsp               /* the error code */
    incq (%rsp)                 /* hlt is one byte long */
    iretq

    .globl cpu_idle
cpu_idle:
idle_halt:
    hlt
    ret

    /* One stub an I/O APIC pin, and one for the timer (bit 31). */
    .altmacro
    .macro irq_stub pin
irq_pin_\pin:
    orl $pin_bit, work_pending
    jmp end_of_interrupt
    .endm
    .set pin, 0
    .set pin_bit, 1
    .rept 24
    irq_stub %pin
    .set pin, pin + 1
    .set pin_bit, pin_bit + pin_bit
    .endr
irq_timer:
    orl $0x80000000, work_pending

    .globl vector_wake
vector_wake:                    /* of a worker: what it is for stands in its struct worker */
end_of_interrupt:
    pushq %rax
    xorl %eax, %eax
    movabsl %eax, 0xfee000b0    /* local APIC, EOI */
    popq %rax
    .globl vector_ignore
vector_ignore:                  /* spurious interrupts want no EOI */
    iretq

    .macro exception_stub n
exception_\n:
    .if (\n == 8) || ((\n >= 10) && (\n <= 14)) || (\n == 17) || (\n == 21)
    .else
    pushq $0
    .endif
    pushq $\n
    jmp exception_common
    .endm
    .set n, 0
    .rept 32
    exception_stub %n
    .set n, n + 1
    .endr

exception_common:
    popq exception_vector
    popq exception_error
    pushq %rax
    movq 8(%rsp), %rax
    movq %rax, exception_rip
    movq %cr2, %rax
    movq %rax, exception_address
    popq %rax
    movq $1f, (%rsp)
    iretq
1:  andq $-16, %rsp
    call trap_fatal
2:  jmp 2b

    .section .rodata
    .balign 8
    .globl exception_stubs, irq_stubs
    .macro quad_of prefix, n
    .quad \prefix\n
    .endm
exception_stubs:
    .set n, 0
    .rept 32
    quad_of exception_, %n
    .set n, n + 1
    .endr
irq_stubs:
    .set n, 0
    .rept 24
    quad_of irq_pin_, %n
    .set n, n + 1
    .endr
    .quad irq_timer

    .data
    .balign 64
    .globl exception_vector, exception_error, exception_rip, exception_address
exception_vector:  .quad 0
exception_error:   .quad 0
exception_rip:     .quad 0
exception_address: .quad 0
    .section .note.GNU-stack, "", @progbits
