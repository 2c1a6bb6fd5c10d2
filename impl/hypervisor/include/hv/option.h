/*
 * Hypervisor command line: a table of options (option.def), checked.
 *
 * "name", "name=value", "no-name"; an unknown name or a bad value is reported and
 * ignored. A list may be given several times: it is joined with commas. Text after
 * " -- " and an image path before the first option are skipped.
 */
#ifndef HV_OPTION_H
#define HV_OPTION_H

#include "base/option.h"

/* One global per row: opt_<name>. */
#define OPTION_BOOL(n, def, help)   extern bool opt_##n;
#define OPTION_UINT(n, def, help)   extern unsigned long opt_##n;
#define OPTION_STRING(n, def, help) extern char opt_##n[OPT_STRING_MAX];
#define OPTION_LIST(n, help)        extern char opt_##n[OPT_LIST_MAX];
#include "hv/option.def"
#undef OPTION_BOOL
#undef OPTION_UINT
#undef OPTION_STRING
#undef OPTION_LIST

/* Parse; returns how many options were unknown or wrong (each was logged). */
unsigned int option_parse(const char *cmdline);
/* The text given, for XENVER_commandline. */
const char *option_cmdline(void);

#endif
