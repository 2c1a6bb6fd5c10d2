/*
 * Guests: domains that the control domain builds from its own image, and that
 * run functions of that image for it.
 *
 * Both sides have the same code at the same addresses, so a function is named
 * by its address; data is not shared, but for what goes through the mailbox.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "cpu.h"

#include <xen/domctl.h>

enum {
    GUEST_ARGS = 8,
    GUEST_PAGES = 8 * 512, /* of 4 KiB, from 16 MiB on */
    GUEST_LOW_PAGES = 16,
    GUEST_RAM_GFN = 0x1000,
    MAILBOX_GFN = 2, /* in the guest */
};

/* A page of the guest that the control domain has mapped. */
struct mailbox {
    volatile bool up;
    long (*job)(void *arg); /* set last; NULL: done */
    long args[GUEST_ARGS];  /* what the job gets, and answers */
    long result;
    struct outcome outcome;
    volatile bool trapped;
    struct trap_frame trap;
    uint64_t trap_address;
    domid_t domid;
};

struct guest {
    domid_t domid;
    struct mailbox *box;
};

/* In the control domain: what it needs to make copies of its image. */
void guest_keep_image(void);

/* A domain without memory or vCPUs; the caller destroys it. Fails the test. */
domid_t guest_create(unsigned vcpus);
/* A guest that waits for jobs, or is still paused. Fails the test. */
struct guest guest_new(unsigned vcpus);
struct guest guest_new_paused(unsigned vcpus);
/* Ends it and waits until nothing is left of it. */
void guest_destroy(struct guest *g);
/* One of that many vCPUs, made once for many tests. */
struct guest *guest_common(void);
/* Destroys what a test left, or the common one too. */
void guests_end(bool all);

/* Runs fn(args) there. The array goes there and comes back. */
void guest_run(struct guest *g, long (*fn)(void *arg), const long *args);
/* Whether it is done, or has died. */
bool guest_done(struct guest *g);
long guest_wait(struct guest *g, long *args);
long guest_call(struct guest *g, long (*fn)(void *arg), long *args);
/* How the last job came out; a guest that died has failed. */
struct outcome guest_outcome(struct guest *g);
void guest_info(struct guest *g, struct xen_domctl_getdomaininfo *info);
/* Maps a page of it where nothing was before. */
void *guest_map(domid_t domid, xen_pfn_t gfn);
long guest_unmap(void *page);

long domctl(domid_t domid, uint32_t cmd, struct xen_domctl *d);

/* In the guest. */
void guest_serve(void) __attribute__((noreturn));
void guest_report_trap(const struct trap_frame *frame);

#endif
