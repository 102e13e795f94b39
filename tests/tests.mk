# What "make check" runs, and the longer targets beside it.

SUBMAKE	= $(MAKE) --no-print-directory \
	  $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) BUILD=$(BUILD)

# The packages come first: the flags of the compiler depend on them.
check:
	@sh tests/packages.sh all
	+@$(SUBMAKE) --silent everything
	@sh tests/check.sh $(BUILD) $(STEPS)

everything: all $(BUILD)/unit $(BUILD)/property $(FUZZ)

# Chrooted children cannot look for leaks: that takes /proc.
ASAN	= ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
	  UBSAN_OPTIONS=print_stacktrace=1

asan:
	@sh tests/packages.sh all
	+@$(SUBMAKE) --silent BUILD=build-asan SANITIZE=address,undefined \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer' everything
	@$(ASAN) sh tests/check.sh build-asan $(STEPS)

# make fuzz SECONDS=60 TARGETS='dialogue ipc'
# NULL + 0, which an empty buffer gives, is no fault to us (nor to C2y).
fuzz:
	@sh tests/packages.sh all
	@sh tests/packages.sh fuzz
	+@$(SUBMAKE) --silent BUILD=build-fuzz CC=clang WERROR= \
	    SANITIZE=fuzzer-no-link,address,undefined \
	    FUZZER=-fsanitize=fuzzer \
	    CFLAGS="-O1 -g -fno-sanitize=pointer-overflow" fuzzers
	@sh tests/fuzz/fuzz.sh build-fuzz $(or $(SECONDS),60) $(TARGETS)

fuzzers: $(FUZZ)

# A million sequences of commands, or COUNT: tests/property.
property:
	+@$(SUBMAKE) --silent $(BUILD)/property
	@$(BUILD)/property $(or $(COUNT),1000000)

lint: all
	@sh tests/lint/lint.sh $(BUILD)

# BENCH='--quick --only 10KB-20' and so on: tests/load/bench.py -h
bench:
	@sh tests/packages.sh build
	+@$(SUBMAKE) --silent all
	@python3 tests/load/waits.py $(BUILD)/bin
	@python3 tests/load/bench.py --bin $(BUILD)/bin $(BENCH)

# Other people's servers and clients, both ways: doc/interop.md.  Root.
interop:
	@sh tests/packages.sh build
	+@$(SUBMAKE) --silent all
	@python3 tests/interop/interop.py $(BUILD)/bin $(INTEROP)
	@test -n '$(INTEROP)' || python3 tests/interop/policy.py $(BUILD)/bin
	@test -n '$(INTEROP)' || python3 tests/interop/services.py $(BUILD)/bin
	@test -n '$(INTEROP)' || python3 tests/interop/encrypted.py $(BUILD)/bin

# What testssl.sh thinks of STARTTLS and port 465: some minutes.
testssl:
	@sh tests/packages.sh build
	@sh tests/packages.sh testssl
	+@$(SUBMAKE) --silent all
	@python3 tests/tls/testssl.py $(BUILD)/bin

# ---- a first look ----------------------------------------------------------

run:
	@sh tests/packages.sh build
	+@$(SUBMAKE) --silent all
	@sh tests/run.sh $(BUILD)/bin start

stop:
	@sh tests/run.sh $(BUILD)/bin stop

.PHONY: check everything asan property fuzz fuzzers lint bench interop testssl run \
	stop
