/* A step in hand, and the steps on the world around: for step.c only. */
#ifndef API_DOING_H
#define API_DOING_H

#include "step.h"

struct doing {
    const struct step *step;
    enum recipe_mode mode;
    bool lasting;
    cJSON *params, *value;
};

/* The proof that the call before has been waiting for holds. */
void step_prove(void);

void do_http(const struct doing *d);
void do_world(const struct doing *d);
void do_at(const struct doing *d);
void do_locally(const struct doing *d);
void do_with(const struct doing *d);
void do_power(const struct doing *d);
void do_clock(const struct doing *d);
void do_down(const struct doing *d);

#endif
