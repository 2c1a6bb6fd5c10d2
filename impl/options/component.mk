# Command lines of hosted programs.
INC_options := -Iimpl/options/include
OPTIONS_SRCS := impl/options/options.c
$(eval $(call layer,impl/options,$(INC_options)))
$O/hosted/impl/options/%: inc = $(INC_options)
$(foreach t,$(wildcard impl/options/test/test_*.c), \
  $(eval $(call check-program,$t,$(OPTIONS_SRCS))))
