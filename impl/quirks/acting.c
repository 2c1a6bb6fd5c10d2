/*
 * The rows that the hypervisor acts upon, and what it does.
 */
#include "quirks/acting.h"
#include "quirks/rows.h"

const struct quirk quirks_acting[] = {
#include "quirks/acting.def"
};

_Static_assert(sizeof(quirks_acting) / sizeof(*quirks_acting) == QUIRKS_ACTING,
               "each row is counted");

/* Texts of kinds without an action are left out by the compiler. */
#define KIND(id, severity, scope, effect, workaround) \
    static const char effect_##id[] __attribute__((unused)) = effect;
#include "quirks/kinds.def"
#undef KIND

#define ACTION_MSR(kind, msr, clear, set)
#define ACTION_MEMORY(kind, start, end)
const struct quirk_action quirk_actions[QUIRK_KINDS] = {
#define ACTION(kind, what) [QUIRK_KIND_##kind] = {#kind, effect_##kind, what},
#include "quirks/actions.def"
#undef ACTION
};
#undef ACTION_MSR
#undef ACTION_MEMORY

#define ACTION(kind, what)
#define ACTION_MEMORY(kind, start, end)
const struct quirk_msr quirk_msrs[QUIRK_MSRS] = {
#define ACTION_MSR(kind, msr, clear, set) {QUIRK_KIND_##kind, msr, clear, set},
#include "quirks/actions.def"
#undef ACTION_MSR
};
#undef ACTION_MEMORY

#define ACTION_MSR(kind, msr, clear, set)
const struct quirk_memory quirk_memory[QUIRK_RANGES] = {
#define ACTION_MEMORY(kind, start, end) {QUIRK_KIND_##kind, start, end},
#include "quirks/actions.def"
#undef ACTION_MEMORY
};
#undef ACTION_MSR
#undef ACTION
