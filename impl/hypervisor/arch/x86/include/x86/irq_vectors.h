/*
 * Interrupt vectors with a fixed meaning; devices get what lies between.
 */
#ifndef X86_IRQ_VECTORS_H
#define X86_IRQ_VECTORS_H

enum irq_vector {
    VECTOR_PIC_FIRST = 0x20, /* the 8259s, masked: only spurious ones come */
    VECTOR_PIC_LAST = 0x2f,
    VECTOR_DEVICE_FIRST = 0x30,
    VECTOR_DEVICE_LAST = 0xef,
    VECTOR_TIMER = 0xfc,
    VECTOR_KICK = 0xfd,
    VECTOR_ERROR = 0xfe,
    VECTOR_SPURIOUS = 0xff,
    VECTOR_LIMIT = 0x100,
};

#endif
