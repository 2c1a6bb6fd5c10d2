/* The rows of claims.def. */
#include "claim.h"

#include <string.h>

static const struct claim_row rows[] = {
#define CLAIM(id, profiles, since, source, sentence) \
    {#id, profiles, since, source, sentence},
#include "claims.def"
#undef CLAIM
};

static bool names(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");

        if (n == len && strncmp(at, word, n) == 0)
            return true;
        at += n;
    }
    return false;
}

const struct claim_row *claim_at(enum claim c)
{
    return &rows[c];
}

bool claim_in_profile(enum claim c, const char *profile)
{
    return strcmp(profile, "all") == 0 || names(rows[c].profiles, profile);
}

bool profile_known(const char *profile)
{
    return names("all core storage network pool ha security", profile);
}
