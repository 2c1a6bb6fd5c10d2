/* Every plot as a file of its own. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "plots.h"

enum {
    PATH_BYTES = 4096,
};

/* Keys are made of characters that paths may have. */
static int plot_save(const char *directory, const struct plot *p,
                     const struct report *r)
{
    char path[PATH_BYTES];
    FILE *out;
    int rc;

    snprintf(path, sizeof(path), "%s/%s.%s.svg", directory,
             plot_kind_name(p->kind), p->key);
    out = fopen(path, "w");
    if (!out)
        return -errno;
    rc = plot_draw(out, p, r, true);
    if (fclose(out) && !rc)
        rc = -errno;
    return rc;
}

int report_svg(const char *directory, const struct report *r)
{
    struct plots p;
    int rc;

    if (mkdir(directory, 0777) && errno != EEXIST)
        return -errno;
    rc = plots_init(&p, r);
    for (size_t i = 0; i < p.n && !rc; i++)
        rc = plot_save(directory, &p.plot[i], r);
    plots_fini(&p);
    return rc;
}
