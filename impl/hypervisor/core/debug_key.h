/*
 * The functions behind the debug keys, one per row of debug_key.def.
 */
#ifndef CORE_DEBUG_KEY_H
#define CORE_DEBUG_KEY_H

#define DEBUG_KEY(k, f, text) void debug_key_##f(char key);
#include "debug_key.def"
#undef DEBUG_KEY

#endif
