/* Grants by their references: what many tests do with them. */
#ifndef GUEST_GRANTS_H
#define GUEST_GRANTS_H

#include "abi.h"

long grant_op(int nr, void *arg, unsigned count);
#define GRANT_ONE(nr, arg) grant_op(nr, arg, 1)

/* Version 1 of our table, its first frame mapped. */
grant_entry_v1_t *grant_table(void);
/* Version 2, and its status. The table is empty after a switch. */
grant_entry_v2_t *grant_table_v2(void);
grant_status_t *grant_status(void);

/* A free reference of version 1 that offers the page to a domain. */
grant_ref_t grant_offer(domid_t to, const void *page, unsigned flags);
void grant_end(grant_ref_t ref);
/* GTF_reading, GTF_writing: in use. */
unsigned grant_in_use(grant_ref_t ref);

/* Maps; the status is the result, and *handle, *page what came of it. */
long grant_map(domid_t of, grant_ref_t ref, unsigned flags,
               grant_handle_t *handle, void **page);
long grant_map_at(domid_t of, grant_ref_t ref, unsigned flags, uint64_t at,
                  grant_handle_t *handle);
long grant_unmap(grant_handle_t handle, const void *page);

/* Copies between a page of ours and a grant; the status is the result. */
struct gnttab_copy grant_copy_to(domid_t of, grant_ref_t ref, const void *from,
                                 unsigned len);
struct gnttab_copy grant_copy_from(domid_t of, grant_ref_t ref, void *to,
                                   unsigned len);
long grant_copy(struct gnttab_copy c);

#endif
