/*
 * Quirks as a hypervisor needs them: its rows, what it does about each kind, and
 * which of them are on (orders of the command line, then what matches).
 */
#ifndef QUIRKS_ACTING_H
#define QUIRKS_ACTING_H

#include "quirks/quirk.h"

enum {
#define QUIRK_DMI(...) +1
#define QUIRK_PCI(...) +1
#define QUIRK_CPU(...) +1
    QUIRKS_ACTING = 0
#include "quirks/acting.def"
#undef QUIRK_DMI
#undef QUIRK_PCI
#undef QUIRK_CPU
};

enum {
#define ACTION(kind, what)
#define ACTION_MSR(...) +1
#define ACTION_MEMORY(...)
    QUIRK_MSRS = 0
#include "quirks/actions.def"
#undef ACTION_MSR
#undef ACTION_MEMORY
};

enum {
#define ACTION_MSR(...)
#define ACTION_MEMORY(...) +1
    QUIRK_RANGES = 0
#include "quirks/actions.def"
#undef ACTION
#undef ACTION_MSR
#undef ACTION_MEMORY
};

extern const struct quirk quirks_acting[];

struct quirk_action {
    const char *kind, *effect, *what; /* NULL: the kind has no action */
};

extern const struct quirk_action quirk_actions[QUIRK_KINDS];

struct quirk_msr {
    uint16_t kind;
    uint32_t msr;
    uint64_t clear, set;
};

extern const struct quirk_msr quirk_msrs[QUIRK_MSRS];

struct quirk_memory {
    uint16_t kind;
    uint64_t start, end;
};

extern const struct quirk_memory quirk_memory[QUIRK_RANGES];

/* --- Which are on ---------------------------------------------------------- */
enum quirk_order { QUIRK_AS_FOUND, QUIRK_FORCED, QUIRK_SWITCHED_OFF };

/* Of the acting row with the same index; starts as zeros. */
struct quirk_state {
    uint8_t order; /* enum quirk_order */
    bool matched;
};

/* What the command line says: ids and kinds with commas between. One that is
   named is on whatever the machine is (of a kind one row suffices), "no-" before
   it switches it off (all of that kind). `wrong` gets each word that names no row. */
void quirk_orders(struct quirk_state state[QUIRKS_ACTING], const char *list,
                  void (*wrong)(const char *word, size_t length));
/* Looks at all rows; what matched once stays so. */
void quirk_judge(struct quirk_state state[QUIRKS_ACTING],
                 const struct quirk_facts *f);
bool quirk_is_on(const struct quirk_state *s);
/* "matched", "matched, switched off", "forced", or NULL: nothing to say. */
const char *quirk_state_name(const struct quirk_state *s);

#endif
