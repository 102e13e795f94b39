# What "make check" runs, and the longer targets beside it.

SUBMAKE	= $(MAKE) --no-print-directory \
	  $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) BUILD=$(BUILD)

# The packages come first: the flags of the compiler depend on them.
check:
	@sh tests/packages.sh all
	+@$(SUBMAKE) --silent everything
	@sh tests/check.sh $(BUILD) $(STEPS)

everything: all $(BUILD)/unit

# Chrooted children cannot look for leaks: that takes /proc.
ASAN	= ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
	  UBSAN_OPTIONS=print_stacktrace=1

asan:
	@sh tests/packages.sh all
	+@$(SUBMAKE) --silent BUILD=build-asan SANITIZE=address,undefined \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer' everything
	@$(ASAN) sh tests/check.sh build-asan $(STEPS)

lint: all
	@sh tests/lint/lint.sh $(BUILD)

# BENCH='--quick --only 10KB-20' and so on: tests/load/bench.py -h
bench:
	@sh tests/packages.sh build
	+@$(SUBMAKE) --silent all
	@python3 tests/load/waits.py $(BUILD)/bin
	@python3 tests/load/bench.py --bin $(BUILD)/bin $(BENCH)

# ---- a first look ----------------------------------------------------------

run:
	@sh tests/packages.sh build
	+@$(SUBMAKE) --silent all
	@sh tests/run.sh $(BUILD)/bin start

stop:
	@sh tests/run.sh $(BUILD)/bin stop

.PHONY: check everything asan lint bench run stop
