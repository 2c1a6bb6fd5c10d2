/* MD5 as a name for a text; nothing rests on its strength. */
#ifndef SESSION_MD5_H
#define SESSION_MD5_H

#include "arena.h"

/* 32 hexadecimal digits, in the arena. */
const char *md5_text(struct arena *a, const char *text);

#endif
