# Orchestration of the emulated machine, in Python; nothing to build.
TEST_PY += $(wildcard impl/platform/test/test_*.py)
