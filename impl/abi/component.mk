# The Xen ABI: the one place that includes Debian's <xen/...> headers.
INC_abi := -Iimpl/abi/include
ABI_SRCS := $(wildcard impl/abi/*.c)

HEADERS += $(wildcard impl/abi/include/abi/*.h)
$(eval $(call layer,impl/abi,$(INC_abi)))
