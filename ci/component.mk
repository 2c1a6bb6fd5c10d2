# Stages and checks; their own tests.
TEST_SCRIPTS += ci/test/tidy-rules
TEST_PY += $(wildcard ci/test/test_*.py)
