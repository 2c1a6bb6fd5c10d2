# Hardware records: taken, imported, judged, levelled.
hw := hwcompat
INC_hwcompat := -D_GNU_SOURCE $(INC_base) $(INC_cpu) $(INC_quirks) $(INC_options) -I$(hw) -I$(hw)/include \
                $(if $(wildcard /usr/include/libxml2),$(XML2_INC))
# What every program here shares, and what each one adds.
HWCOMPAT_SRCS := $(wildcard $(hw)/record/*.c $(hw)/parse/*.c) \
                 impl/base/smbios.c impl/base/string.c
HW_record_SRCS := $(OPTIONS_SRCS) $(wildcard $(hw)/take/*.c) $(hw)/import/logs.c \
                  $(hw)/import/xen_policy.c
HW_IMPORT_LIB := $(filter-out %/main.c,$(wildcard $(hw)/import/*.c)) $(CPU_SRCS)
HW_import_SRCS := $(OPTIONS_SRCS) $(hw)/import/main.c $(HW_IMPORT_LIB)
HW_import_LIBS := -lxml2
HW_level_SRCS := $(OPTIONS_SRCS) $(wildcard $(hw)/level/*.c) $(CPU_SRCS)
HW_scan_SRCS := $(OPTIONS_SRCS) $(wildcard $(hw)/scan/*.c $(hw)/aml/*.c) $(QUIRKS_SRCS) $(QUIRKS_DATABASE)
HW_PROGRAMS := record import level scan
HWCOMPAT_LIBS := -larchive -lcjson -lm
$(eval $(call layer,hwcompat,$(INC_hwcompat)))
$O/hosted/hwcompat/%: inc = $(INC_hwcompat)

# $(eval $(call hw-program,NAME)): touchstone-NAME from HW_NAME_SRCS.
define hw-program
HW_$1_OBJS := $(HWCOMPAT_SRCS:%.c=$O/hosted/%.o) $(HW_$1_SRCS:%.c=$O/hosted/%.o)
DEPFILES += $$(HW_$1_OBJS:=.d)
ALL += $O/touchstone-$1
TEST_DEPS += $O/touchstone-$1
$$(HW_$1_OBJS): | $(call ready,hwcompat)
$O/touchstone-$1: $$(HW_$1_OBJS)
	$$(call say,LINK)$$(CC) -o $$@ $$(filter %.o,$$^) $$(HWCOMPAT_LIBS) $$(HW_$1_LIBS)
endef
$(foreach p,$(HW_PROGRAMS),$(eval $(call hw-program,$p)))

# --- Tests ----------------------------------------------------------------
HW_TESTS := $(wildcard $(hw)/test/test_*.c)
$(foreach t,$(HW_TESTS),$(eval $(call check-program,$t, \
  $(HWCOMPAT_SRCS) $(wildcard $(hw)/aml/*.c))))
$(foreach v,host cov,$(HW_TESTS:%.c=$O/$v/%)): CHECK_LIBS += $(HWCOMPAT_LIBS)
TEST_PY += $(wildcard $(hw)/test/test_*.py)
TEST_BOOT += $(wildcard $(hw)/test/*.sh)
HW_FUZZ := $(filter-out %/fuzz_scan.c,$(wildcard $(hw)/fuzz/fuzz_*.c))
$(foreach t,$(HW_FUZZ),$(eval $(call fuzz-program,$t, \
  $(HWCOMPAT_SRCS) $(HW_IMPORT_LIB) $(wildcard $(hw)/aml/*.c))))
# Decoders, rules and quirks alone: they need no record.
HW_JUDGE_SRCS := $(filter-out %/load.c %/main.c %/report.c, \
                   $(wildcard $(hw)/parse/*.c $(hw)/scan/*.c)) \
                 $(hw)/aml/namespace.c $(QUIRKS_SRCS) $(QUIRKS_DATABASE)
$(eval $(call fuzz-program,$(hw)/fuzz/fuzz_scan.c,$(HW_JUDGE_SRCS)))
$O/fuzz/$(hw)/fuzz/fuzz_%: FUZZ_LIBS = $(HWCOMPAT_LIBS) -lxml2
fuzz: | $O/fuzz/corpus/hwcompat
$O/fuzz/corpus/hwcompat: $(hw)/fuzz/make-seeds $(hw)/test/dumps.py $(hw)/zoo/machine.py
	$(quiet)$(PYTHON) $< $(@D) && touch $@

# --- Replay: what a replayed machine boots ------------------------------------
hr := $(hw)/replay
ALL += $O/e820.bin
$O/e820.bin: $(hr)/arch/e820.S | $(READY)
	@mkdir -p $(@D)
	$(call say,ROM)$(CC) -m16 -c -o $O/e820.o $<
	$(quiet)$(LD) -m elf_i386 -Ttext=0 --oformat binary -o $@ $O/e820.o
# The program that UEFI starts instead: position independent, without SSE
# state, its head written by hand.
ALL += $O/efi-map.bin
EFI_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fpie \
              -fvisibility=hidden -mno-red-zone -mno-sse -fno-stack-protector \
              -fcf-protection=none -fno-asynchronous-unwind-tables \
              -fshort-wchar
EFI_OBJS := $O/efi/efi_head.o $O/efi/efi_map.o
$O/efi/%.o: $(hr)/arch/%.[cS] $(hr)/arch/efi.h | $(READY)
	@mkdir -p $(@D)
	$(call say,EFI)$(CC) $(EFI_CFLAGS) -c -o $@ $<
$O/efi-map.bin: $(hr)/arch/efi.lds $(EFI_OBJS)
	$(call say,EFI)$(LD) -m elf_x86_64 -T $< --oformat binary -o $@ $(EFI_OBJS)
ALL += $O/quirk-probe.bin
$O/quirk-probe.bin: $(hw)/zoo/arch/probe.S | $(READY)
	@mkdir -p $(@D)
	$(call say,PROBE)$(CC) -m32 -c -o $O/quirk-probe.o $<
	$(quiet)$(LD) -m elf_i386 -Ttext=0x1000000 -e start --oformat binary \
	  -o $@ $O/quirk-probe.o
dom0: $O/up.cpio
$O/up.cpio: $(d0-cache)/versions $(d0-tools) $(hr)/up.image $(hr)/init
	$(call say,IMAGE)mkdir -p $(@D)
	$(d0-mkimage) --spec $(hr)/up.image
TEST_DEPS += $O/up.cpio

.PHONY: zoo
zoo: $O/up.cpio $O/e820.bin $O/touchstone.elf $O/dom0/xen.elf ## boot all machines that are broken on purpose
	$(quiet)$(hw)/zoo/zoo --build $O --kernel ours

.PHONY: quirks
quirks: $O/quirk-probe.bin $O/touchstone.elf $O/touchstone-scan ## boot a machine for each quirk that the hypervisor acts upon
	$(quiet)$(hw)/zoo/quirks --build $O
TEST_DEPS += $O/quirk-probe.bin

# Records that are replayed on ours and on upstream; REPLAY_OPTIONS: more.
.PHONY: replay
replay: all $O/up.cpio $O/dom0/xen.elf ## replay all records in RECORDS=DIR on ours and upstream
	$(quiet)test -n '$(RECORDS)' || { echo "say RECORDS=DIR: records of touchstone record or import" >&2; exit 2; }
	$(quiet)$O/touchstone-replay --all $(RECORDS) --kernel ours,xen \
	  --results $O/replays --json $O/replays.json --html $O/replays.html \
	  --junit $O/replays.xml $(REPLAY_OPTIONS)

# Commands that are scripts: started from the build, as programs are.
HW_SCRIPTS := replay catalogue
ALL += $(HW_SCRIPTS:%=$O/touchstone-%)
TEST_DEPS += $(HW_SCRIPTS:%=$O/touchstone-%)
$(HW_SCRIPTS:%=$O/touchstone-%): $O/touchstone-%: $(hw)/component.mk | $(READY)
	@mkdir -p $(@D)
	$(quiet)printf '#!/bin/sh\nexec "%s" --build "%s" "$$@"\n' \
	  '$(CURDIR)/$(hw)/$*/$*' '$(abspath $O)' >$@ && chmod +x $@
