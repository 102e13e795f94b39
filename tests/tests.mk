# What "make check" runs, and the longer targets beside it.
