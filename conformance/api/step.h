/* One row of a recipe, and what it does. Kinds are told in recipe.h. */
#ifndef API_STEP_H
#define API_STEP_H

#include <stdbool.h>

#include "bound.h"

enum step_kind {
    STEP_RECIPE,
    STEP_STATE, /* up to here: rows that begin something */
    STEP_USE,
    STEP_DO,
    STEP_CALL,
    STEP_REFUSED,
    STEP_IS,
    STEP_ISNT,
    STEP_HAS,
    STEP_LACKS,
    STEP_SOON,
    STEP_GONE,
    STEP_UNDO,
    STEP_HTTP,
    STEP_WORLD,
    STEP_AT,
    STEP_POWER,
    STEP_CLOCK,
    STEP_DOWN,
    STEP_LOCALLY,
    STEP_WITH,
    STEP_KINDS_NR,
};

enum recipe_mode {
    RECIPE_PLAIN,
    RECIPE_ASYNC,
    RECIPE_ROLE,
};

struct step {
    enum step_kind kind;
    const char *name; /* of the recipe, state, result, class; or the error */
    const char *method, *params;
    const char *value; /* of a recipe, state or call: "" or a mark */
};

/*
 * Carries it out. False: it has not been, for a name is not bound, which is
 * copied to `missing`. What a step of a lasting state has made is undone at the
 * end of the run, not of the check.
 */
bool step_run(const struct step *s, enum recipe_mode mode, bool lasting,
              char missing[BOUND_NAME_BYTES]);
/* Nothing may be left without proof. */
void step_finish(void);
/* Sends what UNDO has put off, the last first. */
void step_undo(bool lasting);
/* Goes back to the sessions that the target has given to the roles. */
void step_end_world(void);
/* Whether its message can be called asynchronously. */
bool step_has_async(const struct step *s);

#endif
