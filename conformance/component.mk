# The black-box suites. Nothing here sees a header of impl/.
ca := conformance/api
INC_conform := -I$(ca) -Iconformance/report $(XML2_INC)
CONFORM_SRCS := $(wildcard $(ca)/*.c conformance/report/*.c)
conform-objs := $(CONFORM_SRCS:%.c=$O/hosted/%.o)
conform-page := $O/conform-page.o
CONFORM_LIBS := -lcheck -lsubunit -lcurl -lcjson -lxml2 -lrt -lpthread -lm
DEPFILES += $(conform-objs:=.d)
ALL += $O/touchstone-conform
$(eval $(call layer,conformance,$(INC_conform)))

$O/hosted/conformance/%: inc = $(INC_conform)
# Check's assertions end in api/verdict.c.
CONFORM_WRAP := -Wl,--wrap=_mark_point -Wl,--wrap=_ck_assert_failed
$(conform-page): conformance/report/page.html
	$(call say,EMBED)ld -r -z noexecstack -b binary -o $@ $^
$O/touchstone-conform: $(conform-objs) $(conform-page)
	$(call say,LINK)$(CC) -o $@ $^ $(CONFORM_WRAP) $(CONFORM_LIBS)
$(conform-objs): | $(call ready,test) $(call ready,conformance)

TEST_PY += $(wildcard conformance/test/test_*.py)
TEST_DEPS += $O/touchstone-conform

# --- The ABI suite: a kernel of its own -------------------------------------
cg := conformance/guest
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie \
                -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
                -fno-asynchronous-unwind-tables -fcf-protection=none \
                -Wall -Wextra -Werror -D__XEN_INTERFACE_VERSION__=0x00041100 \
                -D__XEN_TOOLS__ -isystem /usr/include -I$(cg)
guest-objs := $(patsubst %,$O/guest/%.o,$(wildcard $(cg)/*.c $(cg)/*.S))
DEPFILES += $(guest-objs:=.d)
ALL += $O/conform-abi.elf
TEST_DEPS += $O/conform-abi.elf
TEST_BOOT += conformance/test/abi.sh

.PHONY: abi
abi: $O/conform-abi.elf $O/touchstone.elf $O/dom0/xen.elf ## the ABI suite on ours and on upstream Xen
	$(quiet)conformance/abi/abi both --build $O

$O/guest/%.o: % $O/flags | $(READY)
	@mkdir -p $(@D)
	$(call say,GUEST)$(CC) $(GUEST_CFLAGS) $(DEPS) -c -o $@ $<
$O/conform-abi.elf: $(guest-objs) $(cg)/guest.lds
	$(call say,LD)$(CC) -static -nostdlib -no-pie -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
	  -Wl,--build-id=none -T $(cg)/guest.lds -o $@ $(guest-objs)

include conformance/certify/component.mk
