# The simulated sides of the seams, and the program that has them.
INC_sim := $(INC_toolstack) -Isim
SIM_SRCS := $(wildcard sim/*.c)
sim-objs := $(SIM_SRCS:%.c=$O/hosted/%.o)
DEPFILES += $(sim-objs:=.d)
ALL += $O/touchstone-sim

$O/hosted/sim/%: inc = $(INC_sim)
$O/touchstone-sim: $(sim-objs) $(toolstack-objs)
	$(call say,LINK)$(CC) -o $@ $^ $(TOOLSTACK_LIBS)

TEST_PY += $(wildcard sim/test/test_*.py)
TEST_DEPS += $O/touchstone-sim
