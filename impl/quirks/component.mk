# Quirks of machines: rows, and whether they match. Needs nothing.
INC_quirks := -Iimpl/quirks/include
QUIRKS_SRCS := $(wildcard impl/quirks/*.c)
QUIRKS_DATABASE := impl/quirks/database/quirks.c
$(eval $(call layer,impl/quirks,$(INC_quirks)))
$O/hosted/impl/quirks/%: inc = $(INC_quirks)
$(foreach t,$(wildcard impl/quirks/test/test_*.c), \
  $(eval $(call check-program,$t,$(QUIRKS_SRCS) $(QUIRKS_DATABASE))))
