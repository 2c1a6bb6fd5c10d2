# The simulated sides of the seams, and the program that has them.
INC_sim := $(INC_toolstack) -Isim
SIM_SRCS := $(wildcard sim/*.c)
sim-objs := $(SIM_SRCS:%.c=$O/hosted/%.o)
DEPFILES += $(sim-objs:=.d)
ALL += $O/touchstone-sim

$O/hosted/sim/%: inc = $(INC_sim)
$O/touchstone-sim: $(sim-objs) $(toolstack-objs)
	$(call say,LINK)$(CC) -o $@ $^ $(TOOLSTACK_LIBS)

# The same with sanitizers: make test-sanitized runs the tests of sim/ on it.
sim-host-objs := $(patsubst %.c,$O/host/%.o,$(SIM_SRCS) $(TOOLSTACK_SRCS))
DEPFILES += $(sim-host-objs:=.d)
$O/host/touchstone-sim: $(sim-host-objs) $O/web-files.o
	$(call say,LINK)$(CC) $(SANITIZE) -o $@ $^ $(TOOLSTACK_LIBS)
.PHONY: test-sanitized
test-sanitized: $O/host/touchstone-sim
	$(quiet)O=$O/host $(PYTHON) ci/run-tests --build $O \
	  --jobs $(TEST_JOBS) $(addprefix --python ,$(wildcard sim/test/test_*.py))

# And with counters, for make coverage.
sim-cov-objs := $(patsubst %.c,$O/cov/%.o,$(SIM_SRCS) $(TOOLSTACK_SRCS))
DEPFILES += $(sim-cov-objs:=.d)
$O/cov/touchstone-sim: $(sim-cov-objs) $O/web-files.o
	$(call say,LINK)$(COV_CC) --coverage -o $@ $^ $(TOOLSTACK_LIBS)
coverage: $O/cov/touchstone-sim

TEST_PY += $(wildcard sim/test/test_*.py)
TEST_DEPS += $O/touchstone-sim

$(eval $(call layer,sim/fuzz,$(INC_sim)))
$(eval $(call layer,sim,$(INC_sim)))
$(eval $(call fuzz-program,sim/fuzz/fuzz_document.c, \
  $(addprefix sim/,clock.c document.c faults.c faults_spec.c) \
  $(addprefix $(ts)/model/,arena.c buf.c builder.c json.c rendering.c value.c)))
$O/fuzz/sim/fuzz/fuzz_document: FUZZ_LIBS = -lyaml
