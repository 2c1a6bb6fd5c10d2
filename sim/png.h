/* PNG files of pictures. */
#ifndef SIM_PNG_H
#define SIM_PNG_H

#include <stdint.h>

#include "buf.h"

/* Pixels are 0x00RRGGBB, a row after the other. 0, or -ENOMEM. */
int png_write(struct buf *out, const uint32_t *pixels, uint32_t width,
              uint32_t height);

#endif
