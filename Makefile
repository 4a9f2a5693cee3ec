# fedmrn: `make help` lists the targets.

CC      ?= cc
CFLAGS  ?= -O2 -g
BATS    ?= bats
PREFIX  ?= /usr/local
BUILD   ?= build

WARN     = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wwrite-strings -Wvla
# No fast-math and no contraction: the same input gives the same bytes anywhere.
FLOAT    = -fno-fast-math -ffp-contract=off
PKGS     = libarchive libxxhash openblas jansson
override CFLAGS += -std=c11 $(WARN) $(FLOAT) $(SAN)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))
override CPPFLAGS += -D_GNU_SOURCE -Ilib $(PKG_CFLAGS)
LDLIBS   += $(PKG_LIBS) -lm -pthread

# A new module or tool is a new file: nothing here changes.
LIBOBJ   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*/*.c))
TOOLS    = $(patsubst cmd/%.c,$(BUILD)/bin/%,$(wildcard cmd/*.c))
UNITS    = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.PHONY: all check check-unit check-cli install clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(TOOLS) ## build the library and every tool (the default)

$(BUILD)/libfedmrn.a: $(LIBOBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/cmd/%.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The file's suffix says which instruction set it may use; no other file may.
ifeq ($(shell uname -m),x86_64)
$(BUILD)/%_avx2.o: ISA = -mavx2
$(BUILD)/%_avx512.o: ISA = -mavx512f -mavx512bw -mavx512dq -mavx512vl
endif

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(ISA) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

check: check-unit check-cli ## run every test

check-unit: $(UNITS) ## run the library's tests
	@for t in $(UNITS); do $(WRAP) $$t || { echo "FAIL $$t"; exit 1; }; echo "ok $$t"; done

check-cli: $(TOOLS) ## run the tools' tests
	PATH="$(abspath $(BUILD))/bin:$$PATH" $(BATS) tests/cli

install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
