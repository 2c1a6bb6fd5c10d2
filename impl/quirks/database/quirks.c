/*
 * The whole database of quirks, with its texts: for tools that explain.
 */
#include "quirks/rows.h"

const struct quirk quirks[] = {
#include "quirks/quirk.def"
};

const size_t quirks_count = sizeof(quirks) / sizeof(*quirks);

const struct quirk_text quirk_texts[QUIRK_KINDS] = {
#define KIND(id, severity, scope, effect, workaround) \
    [QUIRK_KIND_##id] = {#id, #severity, #scope, effect, workaround},
#include "quirks/kinds.def"
#undef KIND
};
