/*
 * What rows of quirks expand to: initialisers of struct quirk. To be included
 * where a table is made of quirk.def or of a part of it.
 */
#ifndef QUIRKS_ROWS_H
#define QUIRKS_ROWS_H

#include "quirks/quirk.h"

#define HAS(field, text)         \
    {                            \
        DMI_##field, text, false \
    }
#define IS(field, text)         \
    {                           \
        DMI_##field, text, true \
    }
#define DEVICE(vendor, device)       \
    {                                \
        vendor, device, device, 0, 0 \
    }
#define DEVICES(vendor, first, last) \
    {                                \
        vendor, first, last, 0, 0    \
    }
#define REVISIONS(vendor, first, last, from, to) \
    {                                            \
        vendor, first, last, from, to            \
    }
#define MODEL(number)  \
    {                  \
        number, number \
    }
#define MODELS(first, last) \
    {                       \
        first, last         \
    }

#define QUIRK_LIST(type, ...) ((const type[]){__VA_ARGS__})
#define QUIRK_COUNT(type, ...) \
    (sizeof(QUIRK_LIST(type, __VA_ARGS__)) / sizeof(type))

#define QUIRK_DMI(name, what, sources, ...) \
    {.id = name,                            \
     .kind = QUIRK_KIND_##what,             \
     .source = sources,                     \
     .dmi = {__VA_ARGS__}},
#define QUIRK_PCI(name, what, sources, ...)               \
    {.id = name,                                          \
     .kind = QUIRK_KIND_##what,                           \
     .source = sources,                                   \
     .device = QUIRK_LIST(struct quirk_pci, __VA_ARGS__), \
     .devices = QUIRK_COUNT(struct quirk_pci, __VA_ARGS__)},
#define QUIRK_CPU(name, what, sources, of, number, from, to, below, ...) \
    {.id = name,                                                         \
     .kind = QUIRK_KIND_##what,                                          \
     .source = sources,                                                  \
     .vendor = of,                                                       \
     .family = number,                                                   \
     .stepping_first = from,                                             \
     .stepping_last = to,                                                \
     .microcode = below,                                                 \
     .model = QUIRK_LIST(struct quirk_models, __VA_ARGS__),              \
     .models = QUIRK_COUNT(struct quirk_models, __VA_ARGS__)},

#endif
