typedef int nothing_cleanup;
