/*
 * The part of UEFI 2.9 that a program before the loader needs: chapters 4
 * (tables), 7 (boot services), 9 (loaded image). Members that nobody calls are
 * counted, not named.
 */
#ifndef REPLAY_ARCH_EFI_H
#define REPLAY_ARCH_EFI_H

#include <stdint.h>

#define EFIAPI               __attribute__((ms_abi))
#define EFI_BUFFER_TOO_SMALL ((1UL << 63) | 5)
#define EFI_PAGE_SHIFT       12

enum efi_memory_type {
    EFI_RESERVED = 0,
    EFI_LOADER_DATA = 2,
    EFI_BOOT_CODE = 3,
    EFI_BOOT_DATA = 4,
    EFI_CONVENTIONAL = 7,
    EFI_ACPI_RECLAIM = 9,
};

enum efi_allocate { EFI_ALLOCATE_ANY, EFI_ALLOCATE_BELOW, EFI_ALLOCATE_AT };

enum efi_reset { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

struct efi_descriptor {
    uint32_t type;
    uint32_t pad;
    uint64_t start;
    uint64_t virtual_start;
    uint64_t pages;
    uint64_t attributes;
};

struct efi_header {
    uint64_t signature;
    uint32_t revision;
    uint32_t bytes;
    uint32_t crc;
    uint32_t reserved;
};

struct efi_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* The device path of memory, and its end. */
struct efi_memory_path {
    uint8_t type;
    uint8_t subtype;
    uint16_t bytes;
    uint32_t memory_type;
    uint64_t start;
    uint64_t end_at;
    uint8_t end[4];
};

#define EFI_ACPI1_GUID                                     \
    {                                                      \
        0xeb9d2d30, 0x2d88, 0x11d3,                        \
        {                                                  \
            0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d \
        }                                                  \
    }
#define EFI_ACPI2_GUID                                     \
    {                                                      \
        0x8868e871, 0xe4f1, 0x11d3,                        \
        {                                                  \
            0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 \
        }                                                  \
    }

typedef uint64_t EFIAPI efi_get_map_fn(uint64_t *bytes,
                                       struct efi_descriptor *map,
                                       uint64_t *key, uint64_t *stride,
                                       uint32_t *version);

struct efi_boot_services {
    struct efi_header header;
    void *task[2];
    uint64_t(EFIAPI *allocate_pages)(uint32_t how, uint32_t type,
                                     uint64_t pages, uint64_t *at);
    void *free_pages;
    efi_get_map_fn *get_memory_map;
    void *until_protocol[11];
    uint64_t(EFIAPI *handle_protocol)(void *handle, struct efi_guid *protocol,
                                      void **interface);
    void *until_table[4];
    uint64_t(EFIAPI *install_table)(struct efi_guid *guid, void *table);
    uint64_t(EFIAPI *load_image)(uint8_t boot_policy, void *parent, void *path,
                                 void *data, uint64_t bytes, void **image);
    uint64_t(EFIAPI *start_image)(void *image, uint64_t *exit_bytes,
                                  uint16_t **exit_text);
    void *until_crc[16];
    uint64_t(EFIAPI *crc32)(void *data, uint64_t bytes, uint32_t *crc);
};

struct efi_runtime_services {
    struct efi_header header;
    void *until_reset[10];
    void(EFIAPI *reset_system)(uint32_t how, uint64_t status, uint64_t bytes,
                               void *data);
};

struct efi_text_output {
    void *reset;
    uint64_t(EFIAPI *print)(struct efi_text_output *out, uint16_t *text);
};

struct efi_system_table {
    struct efi_header header;
    uint16_t *vendor;
    uint32_t revision;
    uint32_t pad;
    void *console_in[2];
    void *console_out_handle;
    struct efi_text_output *console_out;
    void *error_out[2];
    struct efi_runtime_services *runtime;
    struct efi_boot_services *boot;
};

#endif
