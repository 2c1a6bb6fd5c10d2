# The judge of the lab: statistics, comparison, reports.
bj := bench/judge
INC_judge := -D_GNU_SOURCE -I$(bj)
JUDGE_SRCS := $(filter-out %/main.c,$(wildcard $(bj)/*.c))
JUDGE_LIBS := -lcjson -lm
judge-objs := $(JUDGE_SRCS:%.c=$O/hosted/%.o) $O/hosted/$(bj)/main.o
DEPFILES += $(judge-objs:=.d)
ALL += $O/touchstone-judge
TEST_DEPS += $O/touchstone-judge
$(eval $(call layer,$(bj),$(INC_judge)))

$O/hosted/$(bj)/%: inc = $(INC_judge)
$(judge-objs): | $(call ready,conformance)
# The page and its style are inside of the program.
judge-files := $O/judge-files.o
$(judge-files): $(bj)/page.html $(bj)/plot.css
	$(call say,EMBED)ld -r -z noexecstack -b binary -o $@ $^
$O/touchstone-judge: $(judge-objs) $(judge-files)
	$(call say,LINK)$(CC) -o $@ $^ $(JUDGE_LIBS)

JUDGE_TESTS := $(wildcard $(bj)/test/test_*.c)
$(foreach t,$(JUDGE_TESTS),$(eval $(call check-program,$t,$(JUDGE_SRCS))))
$(foreach v,host cov,$(JUDGE_TESTS:%.c=$O/$v/%)): CHECK_LIBS += $(JUDGE_LIBS)
$(foreach v,host cov,$(JUDGE_TESTS:%.c=$O/$v/%)): $(judge-files)
TEST_PY += $(wildcard $(bj)/test/test_*.py)
$(foreach t,$(wildcard $(bj)/fuzz/fuzz_*.c),$(eval $(call fuzz-program,$t,$(JUDGE_SRCS))))
$(patsubst %.c,$O/fuzz/%,$(wildcard $(bj)/fuzz/fuzz_*.c)): $(judge-files)
$O/fuzz/$(bj)/fuzz/fuzz_%: FUZZ_LIBS = $(JUDGE_LIBS)
