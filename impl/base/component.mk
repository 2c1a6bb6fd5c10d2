# Freestanding helpers and pure decoders, shared by everything in impl/.
INC_base := $(INC_abi) -Iimpl/base/include
BASE_SRCS := $(wildcard impl/base/*.c)
BASE_TEST_HELPERS := $(filter-out impl/base/test/test_%, \
                     $(wildcard impl/base/test/*.c))

HEADERS += $(wildcard impl/base/include/base/*.h)
$(eval $(call layer,impl/base,$(INC_base)))
$O/hosted/impl/base/%: inc = $(INC_base)

$(foreach t,$(wildcard impl/base/test/test_*.c), \
  $(eval $(call check-program,$t,$(BASE_SRCS) $(BASE_TEST_HELPERS))))
$(foreach t,$(wildcard impl/base/fuzz/fuzz_*.c), \
  $(eval $(call fuzz-program,$t,$(BASE_SRCS))))
