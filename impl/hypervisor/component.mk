# The hypervisor: a freestanding image, and its portable core once more as
# hosted objects for unit tests and fuzzing.
hv := impl/hypervisor
INC_core := $(INC_base) -I$(hv)/include
INC_arch := $(INC_core) $(INC_cpu) -Iimpl/quirks/include \
            -I$(hv)/arch/x86/include -I$O/gen
$(eval $(call layer,$(hv),$(INC_core)))
$(eval $(call layer,$(hv)/arch,$(INC_arch)))
$(eval $(call layer,$(hv)/test,$(INC_core) -I$(hv)/test))
$(eval $(call layer,$(hv)/arch/x86/test,$(INC_arch) -I$(hv)/test))
$(eval $(call layer,$(hv)/fuzz,$(INC_core) -I$(hv)/test))

HV_CORE := $(ABI_SRCS) $(BASE_SRCS) $(wildcard $(hv)/core/*.c)
# Pure parts of the arch half that live beside it.
HV_PURE := impl/cpu/policy.c $(wildcard impl/quirks/*.c)
HV_OFFSETS := $(wildcard $(hv)/arch/x86/offsets.c)
HV_ARCH := $(filter-out $(HV_OFFSETS) $(hv)/arch/x86/test/%, \
           $(wildcard $(addprefix $(hv)/arch/x86/,*.c */*.c *.S */*.S)))
HV_LDS := $(hv)/arch/x86/touchstone.lds
# Arch files that the tests in arch/x86/test link as well; what they need of the
# machine is doubled beside the tests.
HV_ARCH_HOSTED := $(addprefix $(hv)/arch/x86/,dom0_memory.c pm1.c vioapic.c vmsi.c)
HV_ARCH_DOUBLES := $(filter-out $(hv)/arch/x86/test/test_%, \
                   $(wildcard $(hv)/arch/x86/test/*.c))
HV_DOUBLES := $(wildcard $(hv)/test/double/*.c)
HV_TEST_HELPERS := $(filter-out $(hv)/test/test_%,$(wildcard $(hv)/test/*.c))

HEADERS += $(wildcard $(addprefix $(hv)/,include/hv/*.h core/*.h \
           arch/x86/*.h arch/x86/include/x86/*.h arch/x86/svm/*.h))

hv-core-objs := $(HV_CORE:%.c=$O/free/%.o)
hv-arch-objs := $(patsubst %,$O/free/%.o,$(basename $(HV_ARCH)))
hv-objs := $(hv-core-objs) $(hv-arch-objs) $(HV_PURE:%.c=$O/free/%.o)
DEPFILES += $(hv-objs:=.d) $(if $(HV_OFFSETS),$O/gen/offsets.s.d)

# --- The image ------------------------------------------------------------
.PHONY: hv
hv: $O/touchstone.elf ## the hypervisor image, $O/touchstone.elf
ALL += $(if $(firstword $(HV_CORE)),$O/hv-core.o)
ALL += $(if $(filter %.S,$(HV_ARCH)),$O/touchstone.elf)

# The core may lean on its architecture (hv/arch.h, hv/p2m.h) and on four string
# functions only.
# (ld itself defines __start_* and __stop_* around a table's section.)
HV_ALLOWED := mem(cpy|set|move|cmp)|(arch|p2m)_[a-z0-9_]+|__(start|stop)_[a-z0-9_]+
$O/hv-core.o: $(hv-core-objs)
	$(call say,LD)$(LD) -r -o $@ $^
	@bad=$$($(NM) -u $@ | grep -vE ' ($(HV_ALLOWED))$$') || exit 0; \
	  echo "hypervisor core needs what the arch_* contract lacks:"; \
	  echo "$$bad"; exit 1

# offsets.c holds lines of inline assembly, `.ascii "->NAME VALUE"`.
$O/gen/offsets.s: $(HV_OFFSETS) $O/flags | $O/abi/xen
	@mkdir -p $(@D)
	$(call say,GEN)$(CC) $(FREE) $(DEPS) $(INC_arch) -S -o $@ $<
$O/gen/offsets.h: $O/gen/offsets.s
	$(call say,GEN){ echo '/* Generated from offsets.c. */'; \
	  sed -n 's/.*"->\([A-Za-z0-9_]*\) \$$*\(-*[0-9]*\)".*/#define \1 \2/p' \
	  $<; } >$@
$(hv-arch-objs): | $(if $(HV_OFFSETS),$O/gen/offsets.h)
$(patsubst %,$O/free/%.ok,$(HEADERS)): | $(if $(HV_OFFSETS),$O/gen/offsets.h)

# Linked twice: the first pass says where each function is, the second one
# carries that table (symtab_*), which lies behind the text and so moves none.
hv-link = $(LD) -T $(HV_LDS) -z max-page-size=0x1000 -z noexecstack \
          --gc-sections --build-id=sha1 --no-warn-rwx-segments -o $@ \
          $(filter %.o,$^)
$O/gen/symtab0.S: ci/gen-symtab
	@mkdir -p $(@D)
	$(call say,GEN)ci/gen-symtab </dev/null >$@
$O/gen/symtab1.S: $O/touchstone.pass1.elf64 ci/gen-symtab
	$(call say,GEN)$(NM) -n $< | ci/gen-symtab >$@
$O/gen/symtab%.o: $O/gen/symtab%.S
	$(call say,AS)$(CC) $(FREE) -c -o $@ $<
$O/touchstone.pass1.elf64: $(hv-objs) $O/gen/symtab0.o $(HV_LDS)
	$(call say,LD)$(hv-link)
$O/touchstone.elf64: $(hv-objs) $O/gen/symtab1.o $(HV_LDS) | $O/hv-core.o
	$(call say,LD)$(hv-link)
# QEMU's multiboot loader takes 32-bit containers only.
$O/touchstone.elf: $O/touchstone.elf64
	$(call say,ELF32)$(OBJCOPY) -S -O elf32-i386 $< $@

# --- Tests ----------------------------------------------------------------
hv-hosted := $(HV_CORE) $(HV_PURE) $(HV_DOUBLES) $(HV_TEST_HELPERS)
$(foreach t,$(wildcard $(hv)/test/test_*.c), \
  $(eval $(call check-program,$t,$(hv-hosted))))
$(foreach t,$(wildcard $(hv)/arch/x86/test/test_*.c), \
  $(eval $(call check-program,$t, \
    $(hv-hosted) $(HV_ARCH_HOSTED) $(HV_ARCH_DOUBLES))))
# The vCPU's own parts, each tested alone: test_X links X*.c and no double of it.
hv-vcpu-hosted := $(filter-out %/double/p2m.c,$(hv-hosted)) $(hv)/arch/x86/p2m.c
$(foreach t,$(wildcard $(hv)/arch/x86/test/vcpu/test_*.c), \
  $(eval $(call check-program,$t,$(hv-vcpu-hosted) $(filter-out \
    $(hv-vcpu-hosted),$(wildcard $(patsubst $(hv)/arch/x86/test/vcpu/test_%.c, \
    $(hv)/arch/x86/%*.c,$t))))))
$(foreach t,$(wildcard $(hv)/fuzz/fuzz_*.c), \
  $(eval $(call fuzz-program,$t, \
    $(filter-out $(HV_TEST_HELPERS),$(hv-vcpu-hosted)))))
TEST_BOOT += $(hv)/test/boot/test-machines
TEST_DEPS += $O/touchstone.elf
