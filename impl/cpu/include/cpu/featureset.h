/*
 * Features of x86 CPUs as words of bits, and what guests may see of them.
 *
 * The words are Xen's (public/arch-x86/cpufeatureset.h), and so are the rules:
 * a policy for each kind of guest, without features whose foundation is gone.
 * Pure; needs no library.
 */
#ifndef CPU_FEATURESET_H
#define CPU_FEATURESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
#define WORD(number, leaf, sub, reg) +1
#define MSR_WORD(number, msr, reg)   +1
#define FEATURE(name, word, bit, guests)
#define NEEDS(name, other)
    CPU_WORDS = 0
#include "cpu/featureset.def"
#undef MSR_WORD
#undef WORD
};

enum cpu_feature {
#define WORD(number, leaf, sub, reg)
#define MSR_WORD(number, msr, reg)
#undef FEATURE
#define FEATURE(name, word, bit, guests) CPU_##name = (word)*32 + (bit),
#include "cpu/featureset.def"
#undef NEEDS
#undef FEATURE
#undef MSR_WORD
#undef WORD
};

enum {
    CPU_TEXT_BYTES = CPU_WORDS * 9, /* "0123abcd-", the last one ends it */
    CPU_FEATURE_NONE = -1,
};

struct cpu_features {
    uint32_t word[CPU_WORDS];
};

enum cpu_guest {
    CPU_GUEST_PV,
    CPU_GUEST_HVM, /* with hardware-assisted paging */
};

bool cpu_has(const struct cpu_features *f, int feature);
void cpu_add(struct cpu_features *f, int feature);

/* By Xen's name, in any case; CPU_FEATURE_NONE. And back; NULL. */
int cpu_feature_find(const char *name, size_t len);
const char *cpu_feature_name(int feature);

/* Takes away what needs a feature that is not there. */
void cpu_features_settle(struct cpu_features *f);

/* Whose CPU it is: some rules are for one vendor's, or for one model. */
enum cpu_vendor {
    CPU_VENDOR_OTHER,
    CPU_VENDOR_INTEL,
    CPU_VENDOR_AMD, /* and Hygon */
};

struct cpu_kind {
    enum cpu_vendor vendor;
    unsigned int family, model; /* as displayed: with the extended parts */
};

/* "GenuineIntel", "AuthenticAMD", "HygonGenuine". */
enum cpu_vendor cpu_vendor_find(const char *name);

/*
 * What a guest sees when nobody asks for more, and the most that it can have
 * on such a CPU: also what it can bring along from another.
 */
struct cpu_features cpu_policy_default(const struct cpu_features *cpu,
                                       const struct cpu_kind *kind,
                                       enum cpu_guest guest);
struct cpu_features cpu_policy_max(const struct cpu_features *cpu,
                                   const struct cpu_kind *kind,
                                   enum cpu_guest guest);

/*
 * What both have; dangers that either has. Where one of them predicts returns
 * by other means when it runs out (RSBA, RRSBA), both tell so.
 */
struct cpu_features cpu_features_level(const struct cpu_features *a,
                                       const struct cpu_features *b);

/* The lowest feature of `a` that `b` lacks; CPU_FEATURE_NONE. */
int cpu_features_missing(const struct cpu_features *a,
                         const struct cpu_features *b);

/* "178bfbff-f6f83203-...", `words` of them; `text` has CPU_TEXT_BYTES. */
void cpu_features_encode(const struct cpu_features *f, int words, char *text);
/*
 * Fewer words are the first ones. How many there were; 0 for what is no such
 * text, or has bits in words that are not known.
 */
int cpu_features_decode(const char *text, struct cpu_features *f);

#endif
