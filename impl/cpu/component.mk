# What x86 CPUs can do, and what guests may see of it: tables and pure code.
INC_cpu := -Iimpl/cpu/include
CPU_SRCS := $(wildcard impl/cpu/*.c)
$(eval $(call layer,impl/cpu,$(INC_cpu)))
$(foreach t,$(wildcard impl/cpu/test/test_*.c), \
  $(eval $(call check-program,$t,$(CPU_SRCS))))
$(foreach t,$(wildcard impl/cpu/fuzz/fuzz_*.c), \
  $(eval $(call fuzz-program,$t,$(CPU_SRCS))))
