# Boot files of the emulated machine, made from Debian packages: dom0's kernel
# and image (with a guest's kernel, image and tools inside) and upstream Xen,
# the peer. Nothing here needs root rights.
d0 := impl/dom0
d0-key := $(firstword $(shell cksum $(d0)/packages.list $(d0)/fetch-debs \
          | cksum))
d0-cache := $O/cache/debs-$(d0-key)
d0-root := $(d0-cache)/root
DOM0_FILES := $(addprefix $O/dom0/,vmlinux vmlinuz xen.elf dom0.cpio \
              qemu.cpio versions)

.PHONY: dom0
dom0: $(DOM0_FILES) ## the files that the emulated machine boots from
run: $(DOM0_FILES)
TEST_DEPS += $(DOM0_FILES) $O/touchstone $O/touchstone.elf
TEST_BOOT += $(wildcard $(d0)/test/*.sh)

d0-tools := $(addprefix $(d0)/,mkimage newc.py stubs.py) \
            $(wildcard $(d0)/image/* $(d0)/init/* $(d0)/lib/* \
            $(d0)/scenario/*)
d0-mkimage = $(quiet)PYTHONDONTWRITEBYTECODE=1 $(d0)/mkimage \
             --root $(d0-root) --out $@

$(d0-cache)/versions: $(d0)/packages.list $(d0)/fetch-debs | $(READY)
	@mkdir -p $(@D)
	$(call say,FETCH)$(d0)/fetch-debs $(d0)/packages.list $(d0-cache)
$O/dom0/versions: $(d0-cache)/versions
	@mkdir -p $(@D) && cp $< $@
$O/dom0/vmlinuz: $(d0-cache)/versions
	@mkdir -p $(@D) && cp $(d0-root)/boot/vmlinuz-*[0-9]-amd64 $@
$O/dom0/vmlinux: $O/dom0/vmlinuz $(d0)/vmlinux
	$(call say,ELF)$(d0)/vmlinux $< $@
$O/dom0/xen.elf: $(d0-cache)/versions
	@mkdir -p $(@D) && zcat $(d0-root)/boot/xen-4.17-amd64.gz >$@
$O/dom0/qemu.cpio: $(d0-cache)/versions $(d0-tools)
	$(call say,IMAGE)mkdir -p $(@D)
	$(d0-mkimage) --spec $(d0)/image/qemu.image
$O/dom0/tools.img: $(d0-cache)/versions $(d0-tools)
	$(call say,IMAGE)mkdir -p $(@D)
	$(d0-mkimage) --spec $(d0)/image/tools.image
$O/dom0/domu.cpio: $(d0-cache)/versions $(d0-tools)
	$(call say,IMAGE)mkdir -p $(@D)
	$(d0-mkimage) --spec $(d0)/image/domu.image
$O/dom0/dom0.cpio: $O/dom0/domu.cpio $O/dom0/tools.img $(d0-tools)
	$(call say,IMAGE)
	$(d0-mkimage) --spec $(d0)/image/dom0.image \
	  --set guest-kernel=$$(echo $(d0-root)/boot/vmlinuz-*-cloud-amd64) \
	  --set guest-initrd=$O/dom0/domu.cpio \
	  --set guest-tools=$O/dom0/tools.img
