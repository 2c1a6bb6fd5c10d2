/* Removes what checks have made and not removed: it is named "conform-...". */
#ifndef API_CLEANUP_H
#define API_CLEANUP_H

/*
 * Works on the target that is open. How many objects were removed; what cannot
 * be removed is named on stderr.
 */
int cleanup_all(void);

#endif
