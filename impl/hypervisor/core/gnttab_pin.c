/*
 * Grant tables: taking an entry into use and letting it go.
 *
 * A guest-visible entry can be changed by its domain at any time. Flags are set
 * in it by compare and exchange (version 1), or in the status word next to which
 * they are checked again (version 2), so that either the granter sees its grant
 * in use or the hypervisor sees it revoked.
 */
#include "gnttab_priv.h"

#include "hv/log.h"
#include "hv/p2m.h"

/* A granter may change flags under our hands a few times, not for ever. */
#define WORD_TRIES 5

/* The word of an entry in either version. */
static uint32_t *entry_word(const struct gnttab *t, grant_ref_t ref)
{
    return t->version == 1 ? (uint32_t *)gnttab_v1(t, ref)
                           : (uint32_t *)&gnttab_v2(t, ref)->hdr;
}

/* Transitive grants do not (as with Xen's gnttab=no-transitive). */
static bool word_permits(union grant_word w, const struct grant_active *a,
                         const struct grant_pin *pin)
{
    unsigned int mask = GTF_type_mask | (pin->map ? GTF_sub_page : 0);

    if (!gnttab_pinned(a) &&
        ((w.flags & mask) != GTF_permit_access || w.domid != pin->by))
        return false;
    return pin->readonly || !(w.flags & GTF_readonly);
}

static int set_status_v1(uint32_t *word, const struct grant_active *a,
                         const struct grant_pin *pin)
{
    union grant_word old = {READ_ONCE(*word)};

    for (unsigned int i = 0; i < WORD_TRIES; i++) {
        union grant_word new = old;

        if (!word_permits(old, a, pin))
            return GNTST_general_error;
        new.flags |= GTF_reading | (pin->readonly ? 0 : GTF_writing);
        if (__atomic_compare_exchange_n(word, &old.raw, new.raw, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

static void status_clear(uint16_t *status, unsigned int flags)
{
    if (flags)
        (void)__atomic_fetch_and(status, (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

static int set_status_v2(const uint32_t *word, grant_status_t *status,
                         const struct grant_active *a,
                         const struct grant_pin *pin)
{
    unsigned int flags = GTF_reading | (pin->readonly ? 0 : GTF_writing);
    unsigned int had = READ_ONCE(*status);

    if (!word_permits((union grant_word){READ_ONCE(*word)}, a, pin))
        return GNTST_general_error;
    (void)__atomic_fetch_or(status, (uint16_t)flags, __ATOMIC_SEQ_CST);
    if (word_permits((union grant_word){READ_ONCE(*word)}, a, pin))
        return GNTST_okay;
    status_clear(status, flags & ~(gnttab_pinned(a) ? had : 0));
    return GNTST_general_error;
}

static int set_status_locked(const struct gnttab *t, grant_ref_t ref,
                             const struct grant_pin *pin)
{
    const struct grant_active *a = gnttab_active(t, ref);

    if (t->version == 1)
        return set_status_v1(entry_word(t, ref), a, pin);
    return set_status_v2(entry_word(t, ref), gnttab_status(t, ref), a, pin);
}

/* Take back the flags that the remaining pins do not need. */
static void reduce_status_locked(const struct gnttab *t, grant_ref_t ref,
                                 bool readonly)
{
    const struct grant_active *a = gnttab_active(t, ref);
    unsigned int flags = gnttab_pinned(a) ? 0 : GTF_reading;

    if (t->dead)
        return;
    if (!readonly && !a->writers)
        flags |= GTF_writing;
    status_clear(t->version == 1 ? &gnttab_v1(t, ref)->flags
                                 : gnttab_status(t, ref),
                 flags);
}

/* May 'pin' join the pins that are there? */
static bool pin_fits(const struct grant_active *a, const struct grant_pin *pin)
{
    if (!gnttab_pinned(a))
        return true;
    return a->domid == pin->by && !(pin->map && a->sub_page) &&
           (pin->readonly ? a->readers : a->writers) < GNTTAB_PINS_MAX;
}

static void pin_count(struct grant_active *a, const struct grant_pin *pin)
{
    if (pin->readonly)
        a->readers++;
    else
        a->writers++;
}

/* Are flags to be set for 'pin', or do those of other pins do? */
static bool pin_needs_status(const struct grant_active *a,
                             const struct grant_pin *pin)
{
    return !gnttab_pinned(a) || (!pin->readonly && !a->writers);
}

/* Read, once, which part of which frame the entry offers; *a is zeroed. */
static gfn_t entry_target(const struct gnttab *t, grant_ref_t ref,
                          struct grant_active *a)
{
    const grant_entry_v2_t *e;

    a->start = 0;
    a->length = PAGE_SIZE;
    if (t->version == 1)
        return _gfn(READ_ONCE(gnttab_v1(t, ref)->frame));
    e = gnttab_v2(t, ref);
    if (!(READ_ONCE(e->hdr.flags) & GTF_sub_page))
        return _gfn(READ_ONCE(e->full_page.frame));
    a->start = READ_ONCE(e->sub_page.page_off);
    a->length = READ_ONCE(e->sub_page.length);
    a->sub_page = true;
    return _gfn(READ_ONCE(e->sub_page.frame));
}

/* First pin, or first writable one: find the frame and take it. */
static int pin_frame_locked(struct domain *granter, grant_ref_t ref,
                            const struct grant_pin *pin)
{
    const struct gnttab *t = granter->gnttab;
    struct grant_active *a = gnttab_active(t, ref);
    struct grant_active seen = {.domid = pin->by};
    mfn_t mfn;

    if (physmap_get_page(granter, entry_target(t, ref, &seen), !pin->readonly,
                         &mfn))
        return GNTST_bad_page;
    seen.mfn = mfn_x(mfn);
    if (!gnttab_pinned(a)) {
        *a = seen;
        return GNTST_okay;
    }
    /* The entry has a frame already; the granter may not change it now. */
    page_put(mfn);
    return seen.mfn == a->mfn ? GNTST_okay : GNTST_general_error;
}

static int pin_locked(struct domain *granter, grant_ref_t ref,
                      const struct grant_pin *pin)
{
    const struct gnttab *t = granter->gnttab;
    struct grant_active *a = gnttab_active(t, ref);
    int rc;

    if (!pin_fits(a, pin))
        return GNTST_general_error;
    if (pin_needs_status(a, pin)) {
        rc = set_status_locked(t, ref, pin);
        if (rc)
            return rc;
        rc = pin_frame_locked(granter, ref, pin);
        if (rc) {
            reduce_status_locked(t, ref, pin->readonly);
            return rc;
        }
    }
    pin_count(a, pin);
    return GNTST_okay;
}

int gnttab_pin(struct domain *granter, grant_ref_t ref,
               const struct grant_pin *pin, struct grant_target *out)
{
    struct gnttab *t = granter->gnttab;
    const struct grant_active *a;
    int rc;

    spin_lock(&t->lock);
    if (ref >= gnttab_entries_locked(t)) {
        rc = GNTST_bad_gntref;
    } else {
        rc = pin_locked(granter, ref, pin);
        a = gnttab_active(t, ref);
        *out = (struct grant_target){_mfn(a->mfn), a->start, a->length};
    }
    spin_unlock(&t->lock);
    return rc;
}

void gnttab_unpin(struct domain *granter, grant_ref_t ref, bool readonly)
{
    struct gnttab *t = granter->gnttab;
    struct grant_active *a = gnttab_active(t, ref);
    mfn_t mfn;
    bool last;

    spin_lock(&t->lock);
    ASSERT(readonly ? a->readers : a->writers);
    if (readonly)
        a->readers--;
    else
        a->writers--;
    reduce_status_locked(t, ref, readonly);
    last = !gnttab_pinned(a);
    mfn = _mfn(a->mfn);
    spin_unlock(&t->lock);
    if (last)
        page_put(mfn);
}
