/*
 * AMD SVM at boot (owner: svm/svm.c).
 */
#ifndef X86_SVM_H
#define X86_SVM_H

#include "base/types.h"

/* On the boot CPU: NULL when SVM with nested paging can be used, or why not. */
const char *svm_probe(void);
/* On each CPU, once its GDT, TSS and GS are final, before cpu_loop(). */
void svm_cpu_init(void);

#endif
