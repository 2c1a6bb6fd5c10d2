/* Slots of a sparse file. */
#define _GNU_SOURCE /* memfd_create, fallocate */
#include "blocks.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"

enum {
    FIRST_ROOM = 1024,
    FILE_MODE = 0600,
};

int blocks_init(struct blocks *b, const char *path, uint32_t limit)
{
    *b = (struct blocks){.nr = 1, .limit = limit};
    b->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE)
                 : memfd_create("touchstone-volumes", MFD_CLOEXEC);
    return b->fd < 0 ? -errno : 0;
}

void blocks_fini(struct blocks *b)
{
    if (b->fd >= 0)
        close(b->fd);
    free(b->refs);
    free(b->free);
    free(b->resting);
}

static void reserve(struct blocks *b, uint32_t slot)
{
    uint32_t room = b->room;

    if (slot < room)
        return;
    while (room <= slot)
        room = room ? room * 2 : FIRST_ROOM;
    b->refs = must_realloc(b->refs, room * sizeof(*b->refs));
    b->free = must_realloc(b->free, room * sizeof(*b->free));
    b->resting = must_realloc(b->resting, room * sizeof(*b->resting));
    memset(b->refs + b->room, 0, (room - b->room) * sizeof(*b->refs));
    b->room = room;
}

uint32_t blocks_take(struct blocks *b)
{
    uint32_t slot;

    if (b->free_nr) {
        slot = b->free[--b->free_nr];
    } else {
        if (b->nr >= b->limit)
            return 0;
        slot = b->nr++;
        reserve(b, slot);
    }
    b->refs[slot] = 1;
    return slot;
}

void blocks_get(struct blocks *b, uint32_t slot)
{
    assert(slot < b->nr && b->refs[slot]);
    b->refs[slot]++;
}

bool blocks_put(struct blocks *b, uint32_t slot)
{
    assert(slot < b->nr && b->refs[slot]);
    if (--b->refs[slot])
        return false;
    b->resting[b->resting_nr++] = slot;
    return true;
}

static off_t place(uint32_t slot, size_t offset)
{
    return (off_t)slot * STORAGE_BLOCK + (off_t)offset;
}

int blocks_read(const struct blocks *b, uint32_t slot, size_t offset,
                void *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t nr = pread(b->fd, (char *)data + done, len - done,
                           place(slot, offset + done));

        if (nr < 0)
            return -errno;
        if (nr == 0) { /* past the end of the file: never written */
            memset((char *)data + done, 0, len - done);
            return 0;
        }
        done += (size_t)nr;
    }
    return 0;
}

int blocks_write(struct blocks *b, uint32_t slot, size_t offset,
                 const void *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t nr = pwrite(b->fd, (const char *)data + done, len - done,
                            place(slot, offset + done));

        if (nr < 0)
            return -errno;
        done += (size_t)nr;
    }
    return 0;
}

void blocks_restore(struct blocks *b, uint32_t slot)
{
    reserve(b, slot);
    if (slot >= b->nr)
        b->nr = slot + 1;
    b->refs[slot]++;
}

/* False when the file keeps its old bytes there. */
static bool clear(struct blocks *b, uint32_t slot)
{
    return fallocate(b->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     place(slot, 0), STORAGE_BLOCK) == 0;
}

static bool overwrite(struct blocks *b, uint32_t slot)
{
    static const char zeros[STORAGE_BLOCK];

    return blocks_write(b, slot, 0, zeros, sizeof(zeros)) == 0;
}

/* A slot that cannot be cleared is lost until the next start. */
static void release(struct blocks *b, uint32_t slot)
{
    if (clear(b, slot) || overwrite(b, slot))
        b->free[b->free_nr++] = slot;
}

void blocks_restored(struct blocks *b)
{
    reserve(b, b->nr);
    for (uint32_t slot = 1; slot < b->nr; slot++)
        if (!b->refs[slot])
            release(b, slot);
    /* What lies behind the last slot is of writes that were not finished. */
    if (ftruncate(b->fd, place(b->nr, 0)))
        b->limit = b->nr;
}

int blocks_sync(struct blocks *b)
{
    return fdatasync(b->fd) ? -errno : 0;
}

void blocks_settle(struct blocks *b)
{
    while (b->resting_nr)
        release(b, b->resting[--b->resting_nr]);
}
