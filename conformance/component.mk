# The black-box suites. Nothing here sees a header of impl/.
ca := conformance/api
INC_conform := -I$(ca) -Iconformance/report $(XML2_INC)
CONFORM_SRCS := $(wildcard $(ca)/*.c conformance/report/*.c)
conform-objs := $(CONFORM_SRCS:%.c=$O/hosted/%.o)
CONFORM_LIBS := -lcheck -lsubunit -lcurl -lcjson -lxml2 -lrt -lpthread -lm
DEPFILES += $(conform-objs:=.d)
ALL += $O/touchstone-conform
$(eval $(call layer,conformance,$(INC_conform)))

$O/hosted/conformance/%: inc = $(INC_conform)
$O/touchstone-conform: $(conform-objs)
	$(call say,LINK)$(CC) -o $@ $^ $(CONFORM_LIBS)
$(conform-objs): | $(call ready,test) $(call ready,conformance)

TEST_PY += $(wildcard conformance/test/test_*.py)
TEST_DEPS += $O/touchstone-conform
