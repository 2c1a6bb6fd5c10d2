/* Folders on the disk. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_file(struct archive *a, const FTSENT *at, const char *name)
{
    char *data;
    size_t nr;
    int rc;

    if (at->fts_info != FTS_F)
        return -EINVAL; /* a link, a device, or unreadable */
    rc = file_read(at->fts_accpath, TAR_MAX, &data, &nr);
    if (rc)
        return rc;
    rc = archive_add(a, name, (struct bytes){data, nr});
    if (rc)
        free(data);
    return rc;
}

int folder_read(struct archive *a, const char *path, char **bad)
{
    char *paths[] = {(char *)path, NULL};
    size_t skipped = strlen(path);
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *at;
    int rc = 0;

    *bad = NULL;
    if (!walk)
        return -errno;
    while (!rc && (at = fts_read(walk))) {
        const char *name = at->fts_path + skipped;

        while (*name == '/')
            name++;
        if (at->fts_info == FTS_D || at->fts_info == FTS_DP)
            continue;
        rc = add_file(a, at, name);
        if (rc)
            *bad = strdup(at->fts_path);
    }
    (void)fts_close(walk); /* only read */
    return rc;
}

void folder_free(struct archive *a)
{
    for (int i = 0; i < a->nr; i++)
        free((char *)a->members[i].data.at);
    archive_fini(a);
}

int folder_key(const char *path, struct trusted_key *key)
{
    char id[KEY_ID_BYTES], *pem;
    size_t nr;
    int rc = file_read(path, KEY_FILE_MAX, &pem, &nr);

    if (rc)
        return rc;
    rc = key_id((struct bytes){pem, nr}, id);
    if (rc) {
        free(pem);
        return rc;
    }
    *key = (struct trusted_key){.name = bytes_copy(bytes_of(path)), .pem = pem};
    return 0;
}

static bool is_public_key(const char *name)
{
    size_t nr = strlen(name);

    return nr > 4 && strcmp(name + nr - 4, ".pub") == 0;
}

int folder_keys(const char *path, struct trusted_key *keys, int room)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char file[PATH_MAX];
    int nr = 0;

    while (folder && nr < room && (entry = readdir(folder))) {
        if (!is_public_key(entry->d_name) ||
            snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) >=
                (int)sizeof(file))
            continue;
        if (folder_key(file, &keys[nr]) == 0)
            nr++;
        else
            fprintf(stderr, "certify: '%s' is no Ed25519 key; left out\n",
                    file);
    }
    if (folder)
        (void)closedir(folder); /* only read */
    return nr;
}
