# Tern: the whole build.  make, make check, make run, make install.
# README.md tells more; tests/tests.mk has what tests.
#
# A folder is a library or a program; its .c files are its whole list.
# LINK_<folder> says what a folder links with and so may include:
# "make layers" fails on a breach.

LIBS	:= util conf net mail load
PROGS	:= master smtpd cleanup qmgr smtp bounce lookup auth

LINK_util    :=
LINK_conf    := util
LINK_net     := util
LINK_mail    := net conf util
LINK_master  := mail net conf util
LINK_smtpd   := mail net conf util
LINK_cleanup := mail net conf util
LINK_qmgr    := mail net conf util
LINK_smtp    := mail net conf util
LINK_bounce  := mail net conf util
LINK_lookup  := mail net conf util
LINK_auth    := mail net conf util
LINK_load    := net util
LINK_plugin  := mail net conf util
LINK_tools   := load mail net conf util

BUILD	?= build
DESTDIR	?=
PREFIX	?= /usr/local
CC	?= gcc

# Debian 12's gcc finds nothing to warn of; another may: make WERROR=
WERROR	?= -Werror
PKGS	:= libevent libunbound jansson libpcre2-8 libidn2 openssl libsasl2
WARN	:= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla \
	   -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -fno-common
HARDEN	:= -D_FORTIFY_SOURCE=3 -fstack-protector-strong
SANITIZE ?=
CFLAGS	?= -O2 -g
# -fPIC, hidden: the same objects are for programs and for plug-ins.
ALLFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARN) $(WERROR) \
	   -fPIC -fvisibility=hidden \
	   $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
	   -fno-sanitize-recover=all,$(HARDEN)) \
	   $(CFLAGS) $(shell pkg-config --cflags $(PKGS) 2>/dev/null) -MMD -MP
LDALL	= $(if $(SANITIZE),-fsanitize=$(SANITIZE),\
	   -pie -Wl,-z,relro,-z,now) -Wl,--as-needed $(LDFLAGS)
LDLIBS	= -ldb-5.3 $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm

srcs	= $(filter-out $1/main.c,$(sort $(wildcard $1/*.c)))
objs	= $(patsubst %.c,$(BUILD)/%.o,$1)
libs	= $(foreach l,$1,$(BUILD)/lib$l.a)

TOOLS	:= $(patsubst tools/%.c,%,$(sort $(wildcard tools/*.c)))
TESTS	:= $(patsubst tests/unit/%_test.c,%,\
	   $(sort $(wildcard tests/unit/*_test.c)))
BINS	:= $(patsubst %,$(BUILD)/bin/%,$(PROGS) $(TOOLS))

# Types of tables, of which each is there when its library is.
PLUGINS	:= cdb ldap lmdb pgsql sqlite
PKG_cdb	:= libcdb
PKG_ldap := ldap
PKG_lmdb := lmdb
PKG_pgsql := libpq
PKG_sqlite := sqlite3
SOS	:= $(foreach p,$(PLUGINS),$(if $(shell pkg-config --exists \
	   $(PKG_$p) 2>/dev/null && echo yes),$(BUILD)/plugin/table_$p.so))

all: $(BINS) $(BUILD)/bin/lmtp $(SOS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -c -o $@ $<

define library
$(BUILD)/lib$1.a: $(call objs,$(call srcs,$1))
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach l,$(LIBS) $(PROGS),$(eval $(call library,$l)))

define program
$(BUILD)/bin/$1: $(BUILD)/$1/main.o $(call libs,$1 $(LINK_$1))
	@mkdir -p $$(@D)
	$(CC) $$(LDALL) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach p,$(PROGS),$(eval $(call program,$p)))

# One program under another name: smtp/main.c.
$(BUILD)/bin/lmtp: $(BUILD)/bin/smtp
	ln -sf smtp $@

define tool
$(BUILD)/bin/$1: $(BUILD)/tools/$1.o $(call libs,$(LINK_tools))
	@mkdir -p $$(@D)
	$(CC) $$(LDALL) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$t)))

define plugin
$(BUILD)/plugin/table_$1.o: ALLFLAGS += \
    $$(shell pkg-config --cflags $(PKG_$1))
$(BUILD)/plugin/table_$1.so: $(BUILD)/plugin/table_$1.o \
    $(call libs,$(LINK_plugin))
	$(CC) -shared $$(filter-out -pie,$$(LDALL)) -o $$@ $$^ \
	    $$(shell pkg-config --libs $(PKG_$1)) -lpthread
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin,$p)))

# ---- tests ----------------------------------------------------------------

# Every tests/unit/<stem>_test.c exports <stem>_test(), which registers its
# suite; the list is made from the folder.
$(BUILD)/unit_list.h: $(wildcard tests/unit/*_test.c)
	@mkdir -p $(@D)
	@for t in $(TESTS); do echo "TEST($$t)"; done > $@

$(BUILD)/tests/unit/main.o: ALLFLAGS += -I$(BUILD)
$(BUILD)/tests/unit/main.o: $(BUILD)/unit_list.h

$(BUILD)/unit: $(BUILD)/tests/unit/main.o \
    $(patsubst %,$(BUILD)/tests/unit/%_test.o,$(TESTS)) \
    $(call libs,$(PROGS) load mail net conf util)
	$(CC) $(LDALL) -o $@ $^ $(LDLIBS) -lcunit

unit: $(BUILD)/unit
	$(BUILD)/unit

# Fuzz targets: by libFuzzer (FUZZER=-fsanitize=fuzzer), or over their corpora.
FUZZ	:= $(patsubst tests/fuzz/%_fuzz.c,$(BUILD)/fuzz/%,\
	   $(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZER	?= $(BUILD)/tests/fuzz/replay.o

$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%_fuzz.o \
    $(filter %.o,$(FUZZER)) $(call libs,$(PROGS) load mail net conf util)
	@mkdir -p $(@D)
	$(CC) $(LDALL) -o $@ $(filter-out %.o,$(FUZZER)) $^ $(LDLIBS) -lcunit

# Sessions by the thousand, without sockets.
$(BUILD)/property: $(BUILD)/tests/property/session_property.o \
    $(call libs,smtpd mail net conf util)
	$(CC) $(LDALL) -o $@ $^ $(LDLIBS)

include tests/tests.mk

# ---- installing -----------------------------------------------------------

LIBEXEC	 = $(PREFIX)/libexec/tern
ADMIN	:= tern ternconf ternqueue ternsuper terncat ternmap ternalias

# The tools are links: they find the programs beside what they point to.
install: all
	install -d $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(PREFIX)/sbin \
	    $(DESTDIR)/etc/tern $(DESTDIR)/etc/systemd/system
	install $(BINS) $(DESTDIR)$(LIBEXEC)
	ln -sf smtp $(DESTDIR)$(LIBEXEC)/lmtp
	for p in $(SOS); do install -m 644 $$p $(DESTDIR)$(LIBEXEC); done
	for t in $(ADMIN); do \
	    ln -sf $(LIBEXEC)/$$t $(DESTDIR)$(PREFIX)/sbin/$$t; done
	for f in main.cf master.cf; do \
	    test -e $(DESTDIR)/etc/tern/$$f || \
	    install -m 644 conf/$$f $(DESTDIR)/etc/tern; done
	sed 's,@SBIN@,$(PREFIX)/sbin,' conf/tern.service \
	    >$(DESTDIR)/etc/systemd/system/tern.service

clean:
	rm -rf build build-asan

.PHONY: all unit install clean
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
