# Touchstone's one Makefile. `make help` lists the targets.
# Each component adds to the lists below in its own component.mk.
MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

O ?= build
V ?= 0
CC := gcc
FUZZ_CC := clang
COV_CC := gcc
LD := ld
NM := nm
OBJCOPY := objcopy
PYTHON := python3
XEN_INCLUDE ?= /usr/include/xen
FUZZ_SECONDS ?= 30
# Jobs of the test runner; boot tests always run one at a time.
TEST_JOBS ?= 2
# SETUP=no leaves the machine's packages alone.
SETUP ?= yes

# --- Lists that component.mk files add to --------------------------------
# What `make all` builds.
ALL :=
# Headers that must compile alone.
HEADERS :=
# Check programs, `$O/host/DIR/test_NAME`; same sources counted for coverage.
TEST_PROGRAMS :=
# Python unittest files.
TEST_PY :=
# Executables that print TAP: quick ones, and ones that boot a machine.
TEST_SCRIPTS :=
TEST_BOOT :=
# What must be built before scripts and boot tests can run.
TEST_DEPS :=
# libFuzzer programs, `$O/fuzz/DIR/fuzz_NAME`.
FUZZ_PROGRAMS :=
# Dependency files to include.
DEPFILES :=

# --- Flags ----------------------------------------------------------------
say = $(if $(filter 0,$V),@printf '  %-6s %s\n' $1 $(patsubst $O/%,%,$@);)
quiet = $(if $(filter 0,$V),@)

WARN := -Wall -Wextra -Wno-unused-parameter -Werror -Wshadow \
        -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef
COMMON := -std=gnu11 -g $(WARN) -fno-strict-aliasing -fno-common
DEPS = -MMD -MP -MF $@.d
# Asked of the compiler once, on first use: it may not be installed before.
cc-include = $(eval cc-include := $(shell $(CC) -print-file-name=include)\
             )$(cc-include)

FREE = $(COMMON) -O2 -ffreestanding -nostdinc -isystem $(cc-include) \
       -isystem $O/abi -mno-red-zone -mgeneral-regs-only -mcmodel=kernel \
       -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
       -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
       -Wframe-larger-than=2048 \
       -ffunction-sections -fdata-sections
HOSTED := $(COMMON) -isystem $O/abi -fno-omit-frame-pointer
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST := $(HOSTED) -O1 $(SANITIZE)
COV := $(HOSTED) -O0 --coverage -fprofile-update=atomic
FUZZ := $(HOSTED) -O1 -fsanitize=fuzzer-no-link,address,undefined \
        -fno-sanitize-recover=all
CHECK_LIBS := -lcheck -lsubunit -lm -lrt -lpthread

# --- Layers ---------------------------------------------------------------
# $(eval $(call layer,DIR,INCLUDES)): everything below DIR is compiled with
# exactly these include paths. The nearest DIR wins.
define layer
$O/free/$1/% $O/host/$1/% $O/cov/$1/% $O/fuzz/$1/%: inc = $2
endef

# $(eval $(call program,VARIANT,SOURCE,SOURCES...)): a program from SOURCE
# (a test or fuzz target) and the objects of SOURCES.
define program
$O/$1/$(basename $2): $O/$1/$(basename $2).o $(patsubst %.c,$O/$1/%.o,$3)
DEPFILES += $(patsubst %.c,$O/$1/%.o.d,$2 $3)
endef

# $(eval $(call check-program,SOURCE,SOURCES...)): a Check program, built for
# `make test` and, instrumented, for `make coverage`.
define check-program
$(call program,host,$1,$2)
$(call program,cov,$1,$2)
TEST_PROGRAMS += $O/host/$(basename $1)
endef

# $(eval $(call fuzz-program,SOURCE,SOURCES...))
define fuzz-program
$(call program,fuzz,$1,$2)
FUZZ_PROGRAMS += $O/fuzz/$(basename $1)
endef

PARTS := $(wildcard impl/*/component.mk sim/component.mk \
         conformance/component.mk hwcompat/component.mk bench/component.mk \
         ci/component.mk)
# $(call ready,GROUP): a stamp that says that ci/setup found or installed the
# packages of that group.
ready = $(if $(filter yes,$(SETUP)),$O/ready/$1.ok)
READY = $(call ready,build)

.PHONY: all
all:

include $(PARTS)

COV_PROGRAMS := $(TEST_PROGRAMS:$O/host/%=$O/cov/%)
all: $(ALL)

# --- Compile and link -----------------------------------------------------
NEEDS = $O/flags | $O/abi/xen $(READY)

$O/free/%.o: %.c $(NEEDS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(FREE) $(DEPS) $(inc) -c -o $@ $<
$O/free/%.o: %.S $(NEEDS)
	@mkdir -p $(@D)
	$(call say,AS)$(CC) $(FREE) -D__ASSEMBLY__ $(DEPS) $(inc) -c -o $@ $<
$O/free/%.h.ok: %.h $(NEEDS)
	@mkdir -p $(@D)
	$(call say,HEADER)$(CC) $(FREE) $(DEPS) $(inc) -MT $@ -fsyntax-only \
	  -include $< -x c /dev/null && touch $@
$O/host/%.o: %.c $(NEEDS)
	@mkdir -p $(@D)
	$(call say,HOST)$(CC) $(HOST) $(DEPS) $(inc) -c -o $@ $<
$O/cov/%.o: %.c $(NEEDS)
	@mkdir -p $(@D)
	$(call say,COV)$(COV_CC) $(COV) $(DEPS) $(inc) -c -o $@ $<
$O/fuzz/%.o: %.c $(NEEDS)
	@mkdir -p $(@D)
	$(call say,FUZZ)$(FUZZ_CC) $(FUZZ) $(DEPS) $(inc) -c -o $@ $<

$(TEST_PROGRAMS):
	$(call say,LINK)$(CC) $(SANITIZE) -o $@ $(filter %.o,$^) $(CHECK_LIBS)
$(COV_PROGRAMS):
	$(call say,LINK)$(COV_CC) --coverage -o $@ $(filter %.o,$^) $(CHECK_LIBS)
$(FUZZ_PROGRAMS):
	$(call say,LINK)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ \
	  $(filter %.o,$^) $(FUZZ_LIBS)

$O/abi/xen:
	@mkdir -p $(@D) && ln -sfn $(XEN_INCLUDE) $@

# Remade only when a compiler or a flag changes.
FLAGS_TEXT := $(CC) $(FUZZ_CC) $(COMMON) $(value FREE) $(HOST) $(COV) $(FUZZ)
$O/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_TEXT)' | cmp -s - $@ || echo '$(FLAGS_TEXT)' >$@
.PHONY: FORCE
FORCE:

$(foreach g,build run test tidy boot toolstack clients conformance hwcompat,$O/ready/$g.ok): $O/ready/%.ok: ci/setup
	@mkdir -p $(@D)
	$(quiet)flock $(@D) ci/setup $* && touch $@

# --- Targets --------------------------------------------------------------
.PHONY: check test run headers tidy lines fuzz coverage clean help setup

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) \
	  | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo '  options: O=DIR (build), V=1, CC=gcc|clang, SETUP=no, FUZZ_SECONDS=30'

setup: ## install the Debian packages that are missing
	$(quiet)ci/setup

run: $(call ready,run) all ## boot the platform under QEMU, start a guest, write $O/report
	$(quiet)$O/touchstone run

check: test
$(TEST_PROGRAMS) $(COV_PROGRAMS) $(FUZZ_PROGRAMS): | $(call ready,test)
test: $(call ready,run) $(call ready,tidy) $(call ready,clients)
test: $(TEST_PROGRAMS) $(TEST_DEPS) headers ## build and run every test
	$(quiet)$(PYTHON) ci/run-tests --build $O --jobs $(TEST_JOBS) \
	  $(addprefix --program ,$(TEST_PROGRAMS)) \
	  $(addprefix --python ,$(TEST_PY)) \
	  $(addprefix --script ,$(TEST_SCRIPTS)) \
	  $(addprefix --boot ,$(TEST_BOOT))

headers: $(HEADERS:%=$O/free/%.ok) ## compile every header alone

tidy: $(call ready,tidy) headers ## style and layer checks
	$(quiet)ci/tidy

lines: ## count the hypervisor's lines of code
	$(quiet)ci/tidy --lines

fuzz: $(FUZZ_PROGRAMS) ## run every fuzz target for FUZZ_SECONDS
	$(quiet)ci/run-fuzz $O $(FUZZ_SECONDS) $(FUZZ_PROGRAMS)

coverage: $(COV_PROGRAMS) $O/touchstone-conform ## lines and branches that tests reach: $O/coverage
	$(quiet)ci/run-coverage $O $(COV_PROGRAMS)

clean: ## remove the build directory
	rm -rf $O

-include $(sort $(DEPFILES)) $(HEADERS:%=$O/free/%.ok.d)
