/* Claims: what the tests say about an endpoint. */
#ifndef API_CLAIM_H
#define API_CLAIM_H

#include <stdbool.h>

enum claim {
#define CLAIM(id, profiles, since, source, sentence) CLAIM_##id,
#include "claims.def"
#undef CLAIM
    CLAIMS_NR,
};

struct claim_row {
    const char *id, *profiles, *since, *source, *sentence;
};

const struct claim_row *claim_at(enum claim c);
bool claim_in_profile(enum claim c, const char *profile);
/* "core storage ...": every profile that there is. */
bool profile_known(const char *profile);

#endif
