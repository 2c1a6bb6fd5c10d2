/* Physical memory of the machine, as far as its kernel lets it be read. */
#include "take/physical.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "take/sys.h"

enum {
    BIOS_START = 0xe0000,
    BIOS_BYTES = 0x20000,
    EBDA_SEGMENT = 0x40e,
    EBDA_BYTES = 1024,
};

void physical_open(const struct take *t, struct physical *m)
{
    m->fd = sys_open(t, "/dev/mem");
    m->rc = m->fd < 0 ? m->fd : 0;
}

void physical_close(struct physical *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

/* read(2) ends where the kernel's own memory does; tables lie behind that. */
static bool mapped_read(struct physical *m, uint64_t address, void *out,
                        size_t size)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t start = address & ~(page - 1);
    size_t before = (size_t)(address - start);
    struct stat st;
    void *from;

    /* A file that stands for memory: what is behind its end kills. */
    if (fstat(m->fd, &st) || S_ISREG(st.st_mode))
        return false;
    from =
        mmap(NULL, before + size, PROT_READ, MAP_SHARED, m->fd, (off_t)start);
    if (from == MAP_FAILED)
        return false;
    memcpy(out, (const char *)from + before, size);
    (void)munmap(from, before + size);
    return true;
}

bool physical_read(struct physical *m, uint64_t address, void *out, size_t size)
{
    size_t done = 0;

    if (m->fd < 0 || address + size < address)
        return false;
    while (done < size) {
        ssize_t n = pread(m->fd, (char *)out + done, size - done,
                          (off_t)(address + done));

        if (n <= 0)
            return mapped_read(m, address, out, size);
        done += (size_t)n;
    }
    return true;
}

static uint64_t area_find(struct physical *m, uint64_t from, size_t size,
                          const char *anchor, size_t align)
{
    uint8_t block[EBDA_BYTES];

    for (size_t at = 0; at < size; at += sizeof(block)) {
        if (!physical_read(m, from + at, block, sizeof(block)))
            continue;
        for (size_t i = 0; i + align <= sizeof(block); i += align)
            if (memcmp(block + i, anchor, strlen(anchor)) == 0)
                return from + at + i;
    }
    return 0;
}

uint64_t physical_find(struct physical *m, const char *anchor, size_t align)
{
    uint8_t segment[2] = {0};
    uint64_t found = 0, ebda;

    if (physical_read(m, EBDA_SEGMENT, segment, sizeof(segment))) {
        ebda = (uint64_t)(segment[0] | segment[1] << 8) << 4;
        if (ebda)
            found = area_find(m, ebda, EBDA_BYTES, anchor, align);
    }
    return found ? found : area_find(m, BIOS_START, BIOS_BYTES, anchor, align);
}
