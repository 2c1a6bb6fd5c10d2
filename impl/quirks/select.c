/*
 * Which of the acting rows are on: what the command line orders goes before what
 * is found.
 */
#include "quirks/acting.h"

static bool is_word(const char *name, const char *word, size_t length)
{
    size_t i = 0;

    while (i < length && name[i] && name[i] == word[i])
        i++;
    return i == length && !name[i];
}

static bool obey(struct quirk_state state[QUIRKS_ACTING], const char *word,
                 size_t length)
{
    bool off = length > 3 && is_word("no-", word, 3);
    bool any = false;

    word += off ? 3 : 0;
    length -= off ? 3 : 0;
    for (unsigned int i = 0; i < QUIRKS_ACTING; i++) {
        const struct quirk *q = &quirks_acting[i];

        if (!is_word(q->id, word, length) &&
            !is_word(quirk_actions[q->kind].kind, word, length))
            continue;
        state[i].order = off ? QUIRK_SWITCHED_OFF : QUIRK_FORCED;
        if (!off)
            return true;
        any = true;
    }
    return any;
}

void quirk_orders(struct quirk_state state[QUIRKS_ACTING], const char *list,
                  void (*wrong)(const char *word, size_t length))
{
    while (*list) {
        size_t n = 0;

        while (list[n] && list[n] != ',')
            n++;
        if (n && !obey(state, list, n))
            wrong(list, n);
        list += n + (list[n] == ',');
    }
}

void quirk_judge(struct quirk_state state[QUIRKS_ACTING],
                 const struct quirk_facts *f)
{
    for (unsigned int i = 0; i < QUIRKS_ACTING; i++) {
        if (quirk_matches(&quirks_acting[i], f))
            state[i].matched = true;
    }
}

bool quirk_is_on(const struct quirk_state *s)
{
    return s->order == QUIRK_FORCED ||
           (s->matched && s->order != QUIRK_SWITCHED_OFF);
}

const char *quirk_state_name(const struct quirk_state *s)
{
    if (s->matched)
        return s->order == QUIRK_SWITCHED_OFF ? "matched, switched off"
                                              : "matched";
    return s->order == QUIRK_FORCED ? "forced" : NULL;
}
