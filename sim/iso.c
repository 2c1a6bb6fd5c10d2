/*
 * CD images for repositories of type `iso`: the smallest that can be mounted,
 * with one file that says which one it is (ECMA-119).
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "volumes_priv.h"

enum {
    SECTOR = 2048,
    AT_DESCRIPTOR = 16, /* sectors */
    AT_END,
    AT_PATHS_LITTLE,
    AT_PATHS_BIG,
    AT_ROOT,
    AT_FILE,
    SECTORS_NR,
    IMAGE_BYTES = SECTORS_NR * SECTOR,
    RECORD_BYTES = 34, /* of a directory entry with a name of one byte */
    ROOT_IN_DESCRIPTOR = 156,
    IS_DIRECTORY = 2,
};

static const char *const images[] = {
    "guest-tools.iso",
    "linux-installer.iso",
    "windows-installer.iso",
};

static const char file_name[] = "README.TXT;1";

/* Numbers stand there in both orders, one after the other. */
static void put_both(uint8_t *at, int bytes, uint32_t n)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(n >> 8 * i);
        at[2 * bytes - 1 - i] = (uint8_t)(n >> 8 * i);
    }
}

static uint8_t *put_record(uint8_t *at, uint32_t sector, uint32_t len,
                           bool directory, const char *name, size_t name_len)
{
    size_t bytes = RECORD_BYTES - 1 + name_len + (name_len % 2 == 0);

    at[0] = (uint8_t)bytes;
    put_both(at + 2, 4, sector);
    put_both(at + 10, 4, len);
    at[18] = 126; /* years since 1900, month, day */
    at[19] = at[20] = 1;
    at[25] = directory ? IS_DIRECTORY : 0;
    put_both(at + 28, 2, 1);
    at[32] = (uint8_t)name_len;
    memcpy(at + 33, name, name_len);
    return at + bytes;
}

static void put_padded(uint8_t *at, size_t room, const char *text)
{
    memset(at, ' ', room);
    memcpy(at, text, strlen(text) < room ? strlen(text) : room);
}

static void fill_descriptor(uint8_t *at, const char *name)
{
    at[0] = 1;
    memcpy(at + 1, "CD001", 5);
    at[6] = 1;
    put_padded(at + 8, 32, "TOUCHSTONE");
    put_padded(at + 40, 32, name);
    put_both(at + 80, 4, SECTORS_NR);
    put_both(at + 120, 2, 1);
    put_both(at + 124, 2, 1);
    put_both(at + 128, 2, SECTOR);
    put_both(at + 132, 4, 10); /* bytes of a path table */
    at[140] = AT_PATHS_LITTLE;
    at[151] = AT_PATHS_BIG;
    (void)put_record(at + ROOT_IN_DESCRIPTOR, AT_ROOT, SECTOR, true, "\0", 1);
    put_padded(at + 190, 623, "");
    put_padded(at + 813, 17 * 4, ""); /* dates: not given */
    at[881] = 1;
}

static void fill_image(uint8_t *image, const char *name)
{
    uint8_t *at = image + AT_ROOT * SECTOR;
    int len = snprintf((char *)image + AT_FILE * SECTOR, SECTOR,
                       "This is %s of a simulated pool.\n", name);

    fill_descriptor(image + AT_DESCRIPTOR * SECTOR, name);
    image[AT_END * SECTOR] = 255;
    memcpy(image + AT_END * SECTOR + 1, "CD001\1", 6);
    image[AT_PATHS_LITTLE * SECTOR] = image[AT_PATHS_BIG * SECTOR] = 1;
    image[AT_PATHS_LITTLE * SECTOR + 2] = AT_ROOT;
    image[AT_PATHS_LITTLE * SECTOR + 6] = 1;
    image[AT_PATHS_BIG * SECTOR + 5] = AT_ROOT;
    image[AT_PATHS_BIG * SECTOR + 7] = 1;
    at = put_record(at, AT_ROOT, SECTOR, true, "\0", 1);
    at = put_record(at, AT_ROOT, SECTOR, true, "\1", 1);
    (void)put_record(at, AT_FILE, (uint32_t)len, false, file_name,
                     strlen(file_name));
}

void isos_make(struct sim_volumes *s, struct sim_sr *sr)
{
    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        uint8_t image[IMAGE_BYTES] = {0};
        struct volume *v = volume_make(s, sr, images[i], IMAGE_BYTES);

        v->node = node_create(s, sr, 0);
        fill_image(image, images[i]);
        /* A disk that is too full for it shows an empty one. */
        (void)volume_write(s, v, 0, image, sizeof(image));
    }
}
