/* The rows of checks.def. */
#include "checks.h"

#include <stddef.h>
#include <string.h>

#include "errors.h"
#include "message.h"
#include "samples.h"

static const char *message_name(int nr)
{
    return message_at(nr)->name;
}

static const struct check checks[] = {
#define CHECK_EVERY(n, c, f, a) \
    {.name = n,                 \
     .claim = CLAIM_##c,        \
     .run = f,                  \
     .count = message_count,    \
     .applies = a,              \
     .item = message_name},
#define CHECK_SAMPLES(n, c, f, i) \
    {.name = n, .claim = CLAIM_##c, .run = f, .count = sample_count, .item = i},
#define CHECK_ROWS(n, c, f, k, i) \
    {.name = n, .claim = CLAIM_##c, .run = f, .count = k, .item = i},
#define CHECK_ONE(n, c, f) {.name = n, .claim = CLAIM_##c, .run = f},
#include "checks.def"
#undef CHECK_ONE
#undef CHECK_ROWS
#undef CHECK_SAMPLES
#undef CHECK_EVERY
};

const struct check *check_at(int nr)
{
    return nr < (int)(sizeof(checks) / sizeof(checks[0])) ? &checks[nr] : NULL;
}

static const struct {
    const char *check;
    enum place place;
} places[] = {
#define ANYWHERE(name) {name, PLACE_ANYWHERE},
#define OWN(name)      {name, PLACE_OWN},
#define CHAIN(name)    {name, PLACE_CHAIN},
#include "anywhere.def"
#undef CHAIN
#undef OWN
#undef ANYWHERE
};

enum place check_place(const struct check *c)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].check, c->name) == 0)
            return places[i].place;
    if (c->applies || c->count == sample_count)
        return PLACE_CHAIN;
    return PLACE_OWN;
}
