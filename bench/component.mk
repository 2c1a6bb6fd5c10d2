# Benchmarks: programs that measure, and small runs of them as tests.
INC_bench := -Iimpl/toolstack/model -Ibench/api $(INC_options)
BENCH_SRCS := $(wildcard bench/api/*.c) \
              $(addprefix impl/toolstack/model/,arena.c buf.c builder.c json.c \
              rendering.c value.c) $(OPTIONS_SRCS)
bench-objs := $(BENCH_SRCS:%.c=$O/hosted/%.o)
DEPFILES += $(bench-objs:=.d)
ALL += $O/touchstone-bench

$O/hosted/bench/%: inc = $(INC_bench) -DSOURCE_DIR='"$(abspath .)"' \
  -DBUILD_DIR='"$(abspath $O)"'
$O/touchstone-bench: $(bench-objs)
	$(call say,LINK)$(CC) -o $@ $^ -lm -lgnutls -lcjson

.PHONY: bench-api
bench-api: $O/touchstone-bench $O/touchstone-sim ## figures of our XenAPI endpoint
	$(quiet)$O/touchstone-bench api --large --json $O/bench-api.json \
	  --start $O/touchstone-sim

TEST_PY += $(wildcard bench/test/test_*.py)
TEST_DEPS += $O/touchstone-bench
include $(wildcard bench/*/component.mk)
