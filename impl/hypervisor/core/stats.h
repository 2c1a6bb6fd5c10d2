/*
 * Counters that debug keys show.
 */
#ifndef CORE_STATS_H
#define CORE_STATS_H

/* Exits by reason and hypercalls by name, per domain. */
void debug_key_exits(char key);

#endif
