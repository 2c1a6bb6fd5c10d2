/* Translates virDomainGetGuestInfo's names (virDomainGetGuestInfo(3)). */
#include "domain_guest.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *libvirt, *told;
} names[] = {
    {"os.pretty-name", "os/name"},  {"os.id", "os/distro"},
    {"os.version-id", "os/major"},  {"os.kernel-release", "os/uname"},
    {"hostname", "data/host_name"},
};

static const char *renamed(struct arena *a, const char *field)
{
    unsigned nic, address;
    char what[8];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].libvirt, field) == 0)
            return names[i].told;
    if (sscanf(field, "if.%u.addr.%u.%7s", &nic, &address, what) == 3 &&
        strcmp(what, "addr") == 0)
        return arena_printf(a, "net/%u/ip/%u", nic, address);
    return NULL;
}

/* "net/0/ip/1" becomes ipv4 or ipv6 by what the address looks like. */
static const char *with_family(struct arena *a, const char *path,
                               const char *text)
{
    const char *mark = strstr(path, "/ip/");

    if (!mark)
        return path;
    return arena_printf(a, "%.*s/%s/%s", (int)(mark - path), path,
                        strchr(text, ':') ? "ipv6" : "ipv4", mark + 4);
}

void domain_guest_told(struct arena *a, const virTypedParameter *params, int nr,
                       struct value *told)
{
    struct member *m = arena_alloc(a, sizeof(*m) * (size_t)(nr + 1));
    size_t found = 0;

    for (int i = 0; i < nr; i++) {
        const char *path = renamed(a, params[i].field);

        if (!path || params[i].type != VIR_TYPED_PARAM_STRING)
            continue;
        path = with_family(a, path, params[i].value.s);
        m[found++] = (struct member){
            path, value_string(arena_strdup(a, params[i].value.s))};
    }
    *told = value_map(m, found);
}
