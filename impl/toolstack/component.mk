# The XenAPI daemon's parts: objects for programs, and again with sanitizers for
# the tests. The programs themselves are linked where their drivers are.
ts := impl/toolstack
XML2_INC := -isystem /usr/include/libxml2
TOOLSTACK_DIRS := $(filter-out datamodel/ test/ fuzz/, \
                  $(patsubst $(ts)/%,%,$(wildcard $(ts)/*/)))
INC_toolstack := -I$(ts) $(TOOLSTACK_DIRS:%/=-I$(ts)/%) -Iimpl/cpu/include \
                 $(XML2_INC)
TOOLSTACK_LIBS := -lgnutls -lxml2 -lsqlite3 -lvirt -lyaml -lz \
                  -lzstd -lxxhash -lpthread -lm
$(eval $(call layer,$(ts),$(INC_toolstack)))
$(eval $(call layer,$(ts)/test,$(INC_toolstack) -I$(ts)/test))

TOOLSTACK_SRCS := $(wildcard $(TOOLSTACK_DIRS:%=$(ts)/%*.c)) $(CPU_SRCS)
TOOLSTACK_TEST_HELPERS := $(filter-out $(ts)/test/test_%, \
                          $(wildcard $(ts)/test/*.c))
toolstack-objs := $(TOOLSTACK_SRCS:%.c=$O/hosted/%.o)
DEPFILES += $(toolstack-objs:=.d)

$O/hosted/$(ts)/%: inc = $(INC_toolstack)
$O/hosted/impl/cpu/%: inc = $(INC_cpu)
$O/hosted/%.o: %.c $O/flags | $(READY) $(call ready,toolstack)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(HOSTED) -O2 $(DEPS) $(inc) -c -o $@ $<

# The web pages are inside of the program: see web/pages.c.
WEB_FILES := $(filter-out %.c %.h %.def,$(wildcard $(ts)/web/*))
$O/web-files.o: $(WEB_FILES)
	$(call say,EMBED)ld -r -z noexecstack -b binary -o $@ $^
toolstack-objs += $O/web-files.o

# --- Tests ----------------------------------------------------------------
TOOLSTACK_TESTS := $(wildcard $(ts)/test/test_*.c)
$(foreach t,$(TOOLSTACK_TESTS),$(eval $(call check-program,$t, \
  $(TOOLSTACK_SRCS) $(TOOLSTACK_TEST_HELPERS))))
$(foreach v,host cov,$(TOOLSTACK_TESTS:%.c=$O/$v/%)): \
  CHECK_LIBS += $(TOOLSTACK_LIBS)
$(foreach v,host cov,$(TOOLSTACK_TESTS:%.c=$O/$v/%)): $O/web-files.o
$(eval $(call layer,$(ts)/fuzz,$(INC_toolstack) -I$(ts)/test))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_json.c, \
  $(addprefix $(ts)/model/,arena.c buf.c builder.c json.c rendering.c value.c)))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_xva.c, \
  $(addprefix $(ts)/model/,arena.c buf.c builder.c rendering.c value.c) \
  $(ts)/wire/xml_scan.c $(ts)/wire/xmlrpc.c \
  $(addprefix $(ts)/transfer/,digest.c squeeze.c tar.c xva_header.c \
  xva_reader.c)))
$O/fuzz/$(ts)/fuzz/fuzz_xva: FUZZ_LIBS = $(TOOLSTACK_LIBS)
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_http.c, \
  $(addprefix $(ts)/model/,arena.c buf.c value.c) \
  $(addprefix $(ts)/wire/,http_chunk.c http_head.c url.c)))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_xmlrpc.c, \
  $(addprefix $(ts)/model/,arena.c buf.c builder.c rendering.c value.c) \
  $(ts)/wire/xml_scan.c $(ts)/wire/xmlrpc.c))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_update.c, \
  $(addprefix $(ts)/model/,arena.c buf.c rendering.c value.c) \
  $(ts)/service/update_info.c))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_rpc.c, \
  $(TOOLSTACK_SRCS) $(TOOLSTACK_TEST_HELPERS)))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_cli.c, \
  $(TOOLSTACK_SRCS) $(TOOLSTACK_TEST_HELPERS)))
$O/fuzz/$(ts)/fuzz/fuzz_%: FUZZ_LIBS = $(TOOLSTACK_LIBS)
$O/fuzz/$(ts)/fuzz/fuzz_rpc $O/fuzz/$(ts)/fuzz/fuzz_cli: $O/web-files.o
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_image.c, \
  $(addprefix $(ts)/storage/,cluster_map.c image.c qcow2_read.c vhd_read.c) \
  $(ts)/model/arena.c))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_filter.c, \
  $(TOOLSTACK_SRCS) $(TOOLSTACK_TEST_HELPERS)))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_provision.c, \
  $(ts)/vm/provision_text.c $(addprefix $(ts)/model/,arena.c)))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_metadata.c, \
  $(ts)/recovery/metadata_header.c))
$(eval $(call fuzz-program,$(ts)/fuzz/fuzz_dbtext.c, \
  $(addprefix $(ts)/model/,arena.c buf.c builder.c rendering.c value.c) \
  $(ts)/wire/xml_scan.c $(ts)/wire/xmlrpc.c $(ts)/transfer/dbtext.c))
