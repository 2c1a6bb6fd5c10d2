# The kernel that measures single operations: conformance/guest's library, and
# operations instead of tests.
bm := bench/micro/guest
micro-library := $(filter-out $(cg)/test_% $(cg)/suites.c $(cg)/running.c,\
                   $(wildcard $(cg)/*.c $(cg)/*.S))
micro-objs := $(patsubst %,$O/guest/%.o,$(micro-library) $(wildcard $(bm)/*.c $(bm)/*.S))
DEPFILES += $(filter $O/guest/$(bm)/%,$(micro-objs:=.d))
ALL += $O/bench-micro.elf
TEST_DEPS += $O/bench-micro.elf

$O/bench-micro.elf: $(micro-objs) $(cg)/guest.lds
	$(call say,LD)$(CC) -static -nostdlib -no-pie -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
	  -Wl,--build-id=none -T $(cg)/guest.lds -o $@ $(micro-objs)
TEST_BOOT += bench/test/micro.sh

.PHONY: micro
micro: $O/bench-micro.elf $O/touchstone.elf $O/dom0/xen.elf ## single operations on ours and on upstream Xen
	$(quiet)bench/micro/run --hypervisor ours,xen --build $O
