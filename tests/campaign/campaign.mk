# The campaigns: README.md here says what each does.  Included by ../../Makefile.

CAMPAIGN = $(patsubst tests/campaign/%.c,$(BUILD)/campaign/%,$(filter-out %/cross.c \
           %/shim.c %/mutant.c %/fuzzbug.c %/judge.c tests/campaign/hostile_%,$(wildcard tests/campaign/*.c))) $(BUILD)/campaign/shim.so
RUN_CAMPAIGN = BUILD=$(abspath $(BUILD)) bash tests/campaign/$(patsubst check-%,%,$@).sh

# Seconds each, and so a part of tests/run.sh; and those that take minutes.
QUICK    = check-flips check-many check-poison check-power check-vectors
# The longest first, so that none is left to run alone.
SLOW     = check-valgrind check-san check-fuzz check-mutants check-faults \
           check-kill check-cross

.PHONY: campaigns quick-campaigns check-all $(QUICK) $(SLOW)

$(BUILD)/campaign/%: $(BUILD)/tests/campaign/%.o $(BUILD)/libfedmrn.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

HOSTILE  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/campaign/hostile_*.c))
$(BUILD)/campaign/vectors: $(HOSTILE)
$(BUILD)/campaign/flips: $(BUILD)/tests/campaign/judge.o

# It stands in front of libc; nothing of ours is in it.
$(BUILD)/campaign/shim.so: tests/campaign/shim.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -shared -fPIC -o $@ $<

campaigns: $(CAMPAIGN) # build the campaigns' programs, run nothing

# What tests/run.sh asks.
quick-campaigns:
	@echo $(QUICK)

# Two at a time; what each said comes when it is done.
check-all: all campaigns benches units ## every campaign, in less than half an hour
	@mkdir -p $(BUILD)/said
	@printf '%s\n' $(SLOW) $(QUICK) | ALL=yes xargs -P 2 -I {} sh -c ' \
	    began=$$(date +%s); \
	    nice $(MAKE) --no-print-directory -s {} >$(BUILD)/said/{} 2>&1; \
	    status=$$?; \
	    echo "== {}: $$(($$(date +%s) - began)) seconds"; \
	    cat $(BUILD)/said/{}; \
	    exit $$status'

check-flips: all campaigns ## damage each kind of file in every place
	$(RUN_CAMPAIGN)

check-faults: all campaigns ## fail each system call of each tool in turn
	$(RUN_CAMPAIGN)

check-kill: all campaigns ## kill each tool before each system call
	$(RUN_CAMPAIGN)

check-power: all campaigns ## cut the power after each call that writes
	$(RUN_CAMPAIGN)

check-vectors: all campaigns ## one fault in a file, and what each tool says
	$(BUILD)/campaign/vectors $(BUILD)/bin

# Every MUTANTS-th check; 1 is all of them.  FILES: only those in lib/x/y.c ...
MUTANTS ?= 4
check-mutants: ## take away each check of an input: does a test turn red?
	CC='$(CC)' python3 tests/campaign/mutants.py $(BUILD) $(MUTANTS) $(FILES)

check-cross: $(BUILD)/campaign/cross ## the exact modules on other processors, by qemu
	sh samples/deps.sh cross
	$(RUN_CAMPAIGN)

check-many: all benches campaigns ## 5,000 bundles, 16 files open, flat memory
	$(RUN_CAMPAIGN)

check-poison: all campaigns ## liars in a round: who is found, who is not
	$(RUN_CAMPAIGN)

FUZZ_SECONDS ?= 20
check-fuzz: ## let clang's fuzzer try each parser: FUZZ_SECONDS=20
	$(MAKE) BUILD=$(BUILD)/fuzz CC=clang fuzzers \
	    SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	clang -O1 -fsanitize=fuzzer -o $(BUILD)/fuzz/fuzzbug tests/campaign/fuzzbug.c
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(RUN_CAMPAIGN) $(FUZZED)
