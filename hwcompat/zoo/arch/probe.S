/*
 * A control domain that tells what it sees, and ends the machine.
 *
 * Entered as PVH: 32-bit, flat, no paging, ebx = start info; no stack is used.
 * Port 0x80 gets 0x5a; then to port 0x500: "PROB", the leaves of CPUID below (16
 * bytes each), the dword at 0x80 of PCI function 00:1f.2, 8 KiB from the start
 * info on, 8 KiB from the RSDP on.
 */
        .code32
        .text
        .set    OUT_PORT, 0x500
        .set    POST_PORT, 0x80
        .set    CONFIG_ADDRESS, 0xcf8
        .set    CONFIG_DATA, 0xcfc
        .set    RESET_PORT, 0xcf9
        .set    RSDP_AT, 32
        .set    BYTES, 0x2000

        .globl  start
start:
        cld
        mov     %ebx, %ebp
        mov     $0x5a, %al
        out     %al, $POST_PORT
        mov     $leaves, %esi
        mov     $results, %edi
next:
        mov     (%esi), %eax
        cmp     $~0, %eax
        je      config
        mov     4(%esi), %ecx
        cpuid
        mov     %eax, (%edi)
        mov     %ebx, 4(%edi)
        mov     %ecx, 8(%edi)
        mov     %edx, 12(%edi)
        add     $8, %esi
        add     $16, %edi
        jmp     next
config:
        mov     $CONFIG_ADDRESS, %dx
        mov     $0x8000fa80, %eax
        out     %eax, %dx
        mov     $CONFIG_DATA, %dx
        in      %dx, %eax
        mov     %eax, (%edi)

        mov     $OUT_PORT, %dx
        mov     $said, %esi
        mov     $end - said, %ecx
        rep     outsb
        mov     %ebp, %esi
        mov     $BYTES, %ecx
        rep     outsb
        mov     RSDP_AT(%ebp), %esi
        mov     $BYTES, %ecx
        rep     outsb
        mov     $RESET_PORT, %dx
        mov     $6, %al
        out     %al, %dx
stop:
        pause
        jmp     stop

        .balign 4
leaves:
        .long   1, 0
        .long   7, 0
        .long   0x80000007, 0
        .long   0x40000003, 0
        .long   ~0
said:
        .ascii  "PROB"
results:
        .fill   4 * 16 + 4
end:
