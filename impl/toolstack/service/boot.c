/*
 * A host has booted, or its agent has started: bridges are made again, chosen
 * drivers run, displays are given or taken, advice has been followed.
 */
#include "boot.h"

#include <string.h>

#include "net.h"
#include "updates.h"

static void drivers_start(struct request *r, const struct object *host)
{
    struct objects all = objects_all(r, "Host_driver");

    for (uint32_t i = 0; i < all.nr; i++)
        if (strcmp(db_text(all.at[i], "host"), host->ref) == 0)
            db_set_text(r->db, all.at[i], "active_variant",
                        db_text(all.at[i], "selected_variant"));
}

static void display_settle(struct request *r, struct object *host)
{
    const char *state = db_text(host, "display");

    if (strcmp(state, "disable_on_reboot") == 0)
        db_set_text(r->db, host, "display", "disabled");
    else if (strcmp(state, "enable_on_reboot") == 0)
        db_set_text(r->db, host, "display", "enabled");
}

void services_started(struct request *r, struct object *host, bool booted)
{
    if (!booted) {
        updates_agent_restarted(r->ts, host);
        return;
    }
    updates_host_restarted(r->ts, host);
    drivers_start(r, host);
    display_settle(r, host);
    networks_boot(r, host);
}
