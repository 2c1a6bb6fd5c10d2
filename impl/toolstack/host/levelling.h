/*
 * CPU levelling: feature words of hosts, of the pool, and of machines that run.
 *
 * host.cpu_info: features_pv, features_hvm are the most that a guest can have
 * there; features_pv_host, features_hvm_host what one gets. pool.cpu_info holds
 * what all hosts have; a machine boots with that, and takes it along as
 * last_boot_CPU_flags.
 */
#ifndef HOST_LEVELLING_H
#define HOST_LEVELLING_H

#include "request.h"

/* Writes the host's words from those of its CPU. */
void levelling_host(struct request *r, struct object *host,
                    const char *raw_words);

/* Levels the pool over its hosts; after each join, eject or change of a CPU. */
void levelling_pool(struct request *r);

/* Notes what the machine boots with. */
void levelling_boot(struct request *r, struct object *vm);

/* 0, or VM_INCOMPATIBLE_WITH_THIS_HOST: a machine that is not halted. */
int levelling_fits(struct request *r, struct object *vm, struct object *host);

/* The same against another pool's host.cpu_info; `host` is its reference. */
int levelling_compare(struct request *r, struct object *vm, const char *host,
                      const struct value *cpu_info);

#endif
