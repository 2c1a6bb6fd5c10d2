/* Files of pools and faults: read, or refused with a reason. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "document.h"
#include "faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"vm0", "eth0", NULL};
    struct sim_clock clock = {.is_virtual = true, .ms = 1};
    struct faults *faults = faults_create(&clock, 1);
    const char *why = NULL;
    struct arena arena;
    struct value v;

    arena_init(&arena);
    if (document_parse(&arena, (const char *)data, size, &v, &why))
        assert(why);
    else if (faults_add_all(faults, &arena, &v, &why))
        assert(why);
    (void)faults_step(faults); /* states may begin, and the clock jump */
    (void)faults_error(faults, names, true);
    (void)faults_delay_ms(faults, names, true);
    (void)faults_active(faults, FAULT_LINK_DOWN, names);
    (void)faults_list(faults, &arena);
    arena_fini(&arena);
    faults_destroy(faults);
    return 0;
}
