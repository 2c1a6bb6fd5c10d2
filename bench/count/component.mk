# The plugin that counts for QEMU; it is loaded into QEMU, so plain hosted C.
count-plugin := $O/count-plugin.so
ALL += $(count-plugin)
TEST_DEPS += $(count-plugin)
TEST_PY += $(wildcard bench/count/test/test_*.py)

$(count-plugin): $(wildcard bench/count/*.c bench/count/*.h bench/count/*.def) $O/flags | $(READY)
	$(call say,LINK)$(CC) $(COMMON) -O2 -fPIC -shared -Ibench/count -o $@ \
	  $(filter %.c,$^) -lpthread
