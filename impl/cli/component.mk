# The `touchstone` command.
CLI_SRCS := $(wildcard impl/cli/*.c)
cli-objs := $(CLI_SRCS:%.c=$O/cli/%.o)
cli-places = -DSOURCE_DIR='"$(abspath .)"' -DBUILD_DIR='"$(abspath $O)"'
ALL += $O/touchstone
DEPFILES += $(cli-objs:=.d)

$O/cli/%.o: %.c $O/flags | $(READY)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(HOSTED) -O2 $(cli-places) $(DEPS) -Iimpl/cli \
	  -c -o $@ $<
$O/touchstone: $(cli-objs)
	$(call say,LINK)$(CC) -o $@ $^
TEST_SCRIPTS += $(wildcard impl/cli/test/*.sh)
TEST_DEPS += $O/touchstone
