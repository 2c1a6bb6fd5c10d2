# Stages and checks; their own tests.
TEST_SCRIPTS += ci/test/tidy-rules ci/test/no-recursion
TEST_DEPS += $O/touchstone.elf64
TEST_PY += $(wildcard ci/test/test_*.py)
