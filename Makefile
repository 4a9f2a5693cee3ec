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
# ISO C on s390x would compute floats as doubles; its machine does not.
FLOAT   += $(if $(findstring s390,$(shell $(CC) -dumpmachine)),-fexcess-precision=fast)
PKGS     = libarchive libxxhash openblas jansson libsodium
override CFLAGS += -std=c11 $(WARN) $(FLOAT) $(SAN)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))
override CPPFLAGS += -D_GNU_SOURCE -Ilib $(PKG_CFLAGS)
LDLIBS   += $(PKG_LIBS) -lm -pthread

# A new module or tool is a new file: nothing here changes.
LIBOBJ   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*/*.c))
TOOLS    = $(patsubst cmd/%.c,$(BUILD)/bin/%,$(wildcard cmd/*.c))
UNITS    = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c)) \
           $(patsubst %,$(BUILD)/tests/test_fuzz_%,$(CORPORA))
# A fuzz target NAME replays its corpus as the unit test test_fuzz_NAME.
FUZZED   = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
CORPORA  = $(notdir $(wildcard tests/fuzz/corpus/*))
FUZZERS  = $(addprefix $(BUILD)/fuzzers/fuzz_,$(FUZZED))
BENCHES  = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

C_FILES  = $(wildcard lib/*/*.[ch] cmd/*.c tests/unit/*.[ch] tests/bench/*.[ch] \
           tests/fuzz/*.[ch] tests/campaign/*.[ch])
MANUALS  = $(wildcard man/*.[1-9])
# What a program that links the library may include: not the parts of a module.
PUBLIC   = $(patsubst lib/%,%,$(filter-out %_impl.h lib/cli/%,$(wildcard lib/*/*.h)))
BASHDIR  = $(PREFIX)/share/bash-completion/completions
ZSHDIR   = $(PREFIX)/share/zsh/site-functions
SCRIPTS  = $(wildcard .ci/run samples/*.sh samples/*/*.sh samples/packaging/completion/*.bash tests/*.sh \
             tests/lint/*.sh tests/bench/*.sh tests/bench/rows/*.sh tests/cli/*.bash tests/cli/*.bats \
             tests/campaign/*.bash tests/campaign/*.sh)
# Builds that must be free of warnings and give the same bytes: CC-OPTIMISATION.
VARIANTS = gcc-O0 gcc-O3 clang-O2
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
# Compiled in half the time, and as quick to run.
SANFLAGS = CFLAGS='-O1 -g1 -Wno-format-truncation' SAN='$(SANITIZE)'
LINTS    = lint-format lint-layers lint-rooms lint-tools lint-headers \
           lint-cppcheck lint-shell lint-man

.PHONY: all units unit-syntax fuzzers benches bench variants check check-unit check-cli check-portable check-san \
        check-valgrind check-compilers lint $(LINTS) format deps install \
        uninstall stick deb clean help lints variant-dirs build-san $(addprefix variant-,$(VARIANTS))
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

$(BUILD)/tests/test_fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o \
        $(BUILD)/tests/fuzz/replay.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/fuzzers/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The file's suffix says which instruction set it may use; no other file may.
ifeq ($(shell uname -m),x86_64)
$(BUILD)/%_avx2.o: ISA = -mavx2
$(BUILD)/%_avx512.o: ISA = -mavx512f -mavx512bw -mavx512dq -mavx512vl
endif

# The network's loops are written for the vectoriser, which gcc -O2 hardly uses;
# a square root that may set errno is a call.
$(BUILD)/lib/nn/%.o $(BUILD)/lib/fed/bat.o: OPT = -fno-math-errno $(if $(filter -O2,$(CFLAGS)),-O3)

# So are these; and sqrt sets no errno, which would keep it out of a vector.
$(BUILD)/lib/mask/%.o $(BUILD)/lib/codec/%.o: \
    OPT = $(if $(filter -O2,$(CFLAGS)),-O3) -fno-math-errno

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(OPT) $(ISA) -MMD -MP -c -o $@ $<

include tests/campaign/campaign.mk

# Of this build alone: others below it may be at work.
-include $(shell find $(addprefix $(BUILD)/,lib cmd tests) -name '*.d' 2>/dev/null)

check: check-unit check-cli ## run every test

check-unit: $(UNITS) ## run the library's tests
	@for t in $(UNITS); do \
	    $(WRAP) $$t || { echo "FAIL $$t"; exit 1; }; echo "ok $$t"; done

check-cli: $(TOOLS) $(BENCHES) ## run the tools' tests
	PATH="$(abspath $(BUILD))/bin:$$PATH" $(BATS) tests/cli

check-portable: $(UNITS) $(TOOLS) $(BENCHES) ## every test again, without SIMD
	FEDMRN_CPU=portable $(MAKE) check

check-san: ## every test again, under ASan and UBSan
	$(MAKE) check BUILD=$(BUILD)/san $(SANFLAGS)

check-valgrind: $(UNITS) ## the library's tests under valgrind
	$(MAKE) check-unit \
	    WRAP='valgrind -q --error-exitcode=1 --leak-check=full'

fuzzers: $(FUZZERS) # build the fuzz targets with clang, run nothing

check-compilers: variants ## gcc and clang, -O0 to -O3: the same bytes
	tests/compilers.sh $(addprefix $(BUILD)/,$(VARIANTS))

bench: $(TOOLS) $(BENCHES) ## measure, beside PyTorch where it is: ROWS=step, TSV=FILE
	@BUILD=$(abspath $(BUILD)) sh tests/bench/run.sh $(ROWS)

benches: $(BENCHES) # build the benchmark programs, run nothing

units: $(UNITS) # build the library's tests, run nothing

unit-syntax: # what a compiler says of their sources
	$(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only tests/unit/test_*.c tests/fuzz/*.c

variants: $(addprefix variant-,$(VARIANTS)) ## build with each compiler, -Werror

# A compiler that is not there is skipped, and says so.  The sources of the tests
# are clang's to judge; gcc -O2 does where they are run.
$(addprefix variant-,$(VARIANTS)): variant-%:
	@cc=$(firstword $(subst -, ,$*)); \
	if command -v $$cc >/dev/null; then \
	    $(MAKE) BUILD=$(BUILD)/$* CC=$$cc \
	        CFLAGS='-$(lastword $(subst -, ,$*)) -Werror' all \
	        $(if $(findstring clang,$*),unit-syntax); \
	else echo "skip: $*: no $$cc here"; fi

lint: $(LINTS) variants ## formatting, layers, analysis, manuals, scripts, -Werror

# What tests/run.sh asks, so that it needs no list of its own.
lints:
	@echo $(LINTS)
variant-dirs:
	@echo $(addprefix $(BUILD)/,$(VARIANTS))
build-san:
	$(MAKE) BUILD=$(BUILD)/san $(SANFLAGS) units

lint-format:
	clang-format --dry-run -Werror $(C_FILES)

lint-layers lint-rooms lint-tools: lint-%:
	tests/lint/$*.sh

lint-headers:
	tests/lint/headers.sh $(CC) $(CPPFLAGS) $(CFLAGS) -Werror

lint-cppcheck:
	cppcheck -q -j2 --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,portability --suppress=internalAstError \
	    -D__x86_64__ -D__GNUC__=12 -Ilib lib cmd

lint-shell:
	shellcheck -e SC1091,SC2013,SC2016,SC2154 $(SCRIPTS)

# groff warns without failing, so any word from it is a failure.
lint-man:
	mandoc -T lint -W warning $(MANUALS)
	@for m in $(MANUALS); do groff -mdoc -ww -z $$m; done 2>&1 | \
	    { ! grep .; }

format: ## rewrite the C files in the house format
	clang-format -i $(C_FILES)

deps: ## install the Debian packages that building and testing need
	sh samples/deps.sh build test

install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/libfedmrn.a $(DESTDIR)$(PREFIX)/lib
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@PKGS@|$(PKGS)|' \
	    -e "s|@VERSION@|$$(sed -n 's/^#define FM_VERSION "\(.*\)"$$/\1/p' lib/cli/opt.h)|" \
	    samples/packaging/fedmrn.pc.in \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/fedmrn.pc
	chmod 644 $(DESTDIR)$(PREFIX)/lib/pkgconfig/fedmrn.pc
	@for h in $(PUBLIC); do \
	    install -D -m 644 lib/$$h $(DESTDIR)$(PREFIX)/include/fedmrn/$$h || exit 1; done
	@for m in $(MANUALS); do \
	    d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; \
	    install -d $$d && install -m 644 $$m $$d || exit 1; done
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR)
	@for t in $(notdir $(TOOLS)); do \
	    install -m 644 samples/packaging/completion/fedmrn.bash \
	        $(DESTDIR)$(BASHDIR)/$$t || exit 1; done
	install -m 644 samples/packaging/completion/_fedmrn $(DESTDIR)$(ZSHDIR)

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(TOOLS))) \
	    $(addprefix $(DESTDIR)$(BASHDIR)/,$(notdir $(TOOLS))) \
	    $(DESTDIR)$(ZSHDIR)/_fedmrn $(DESTDIR)$(PREFIX)/lib/libfedmrn.a \
	    $(DESTDIR)$(PREFIX)/lib/pkgconfig/fedmrn.pc
	rm -rf $(DESTDIR)$(PREFIX)/include/fedmrn
	@for m in $(MANUALS); do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

stick: all ## copy the tools and all that they need into build/stick
	rm -rf $(BUILD)/stick
	sh samples/packaging/stick.sh $(BUILD)/bin $(BUILD)/stick

deb: ## build Debian packages into build/deb
	rm -rf $(BUILD)/deb
	sh samples/packaging/deb.sh $(BUILD)/deb

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile tests/campaign/campaign.mk | \
	    expand -t 18
