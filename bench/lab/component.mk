# The lab: Python, and plain Linux to compare with.
BENCH_FILES := $O/bench/vmlinuz-cloud $O/bench/plain.cpio
LAB_DEPS := $(BENCH_FILES) $(DOM0_FILES) $O/touchstone $O/touchstone.elf \
            $O/touchstone-bench
.PHONY: lab bench bench-full
lab: $(LAB_DEPS)
bench: $(LAB_DEPS) ## PV I/O of ours beside upstream Xen, the quick profile
	$(quiet)$O/touchstone bench --json $O/bench.json
bench-full: $(LAB_DEPS) ## and everything there is, plain QEMU as well
	$(quiet)$O/touchstone bench --profile full --hypervisor ours,xen,none \
	  --json $O/bench-full.json

$O/bench/vmlinuz-cloud: $(d0-cache)/versions
	@mkdir -p $(@D) && cp $(d0-root)/boot/vmlinuz-*-cloud-amd64 $@
$O/bench/plain.cpio: $(d0-cache)/versions $(d0-tools) \
                     $(wildcard bench/lab/image/*)
	$(call say,IMAGE)mkdir -p $(@D)
	$(d0-mkimage) --spec bench/lab/image/plain.image

TEST_BOOT += bench/test/lab.sh
TEST_DEPS += $(BENCH_FILES)
