# Bundles: `touchstone certify`. The program sees no header of another part.
cc := conformance/certify
INC_certify := -I$(cc) -D_GNU_SOURCE
CERTIFY_LIB := $(filter-out $(cc)/main.c,$(wildcard $(cc)/*.c))
CERTIFY_LIBS := -lgnutls -lzstd
certify-objs := $(patsubst %.c,$O/hosted/%.o,$(CERTIFY_LIB) $(cc)/main.c)
DEPFILES += $(certify-objs:=.d)
ALL += $O/touchstone-certify
TEST_DEPS += $O/touchstone-certify
$(eval $(call layer,$(cc),$(INC_certify)))

$O/hosted/$(cc)/%: inc = $(INC_certify)
$(certify-objs): | $(call ready,conformance)
$O/touchstone-certify: $(certify-objs) $O/certify/suite.o
	$(call say,LINK)$(CC) -o $@ $^ $(CERTIFY_LIBS)

# What the suites are made of, inside of the program that verifies.
SUITE_FILES := $(filter-out %.md %/test %/fuzz,$(wildcard conformance/*/* \
  conformance/*/*/*))
$O/certify/suite.tsv: $(SUITE_FILES) $O/touchstone-conform
	$(call say,SUITE)$(cc)/suite-files --build $O --out $@ \
	  --lists $O/certify/lists
$O/certify/suite.o: $O/certify/suite.tsv
	$(call say,EMBED)cd $(@D) && ld -r -z noexecstack -b binary -o suite.o \
	  suite.tsv

$(foreach t,$(wildcard $(cc)/test/test_*.c), \
  $(eval $(call check-program,$t,$(CERTIFY_LIB) $(cc)/test/sample.c)))
$(foreach v,host cov,$(patsubst %.c,$O/$v/%,$(wildcard $(cc)/test/test_*.c))): \
  CHECK_LIBS += $(CERTIFY_LIBS)
TEST_PY += $(wildcard $(cc)/test/test_*.py)
$(eval $(call fuzz-program,$(cc)/fuzz/fuzz_bundle.c,$(CERTIFY_LIB)))
$O/fuzz/$(cc)/fuzz/fuzz_bundle: FUZZ_LIBS = $(CERTIFY_LIBS)
