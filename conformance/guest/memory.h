/* What a kernel does first, in this order. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

void memory_setup(void);
void hypercalls_setup(void);
void shared_info_setup(void);

#endif
