/*
 * Fuzz targets without a fuzzer: each file of a folder is tried, and small
 * changes of it, the same ones each time.
 *
 *	replay FOLDER [changes of each file]
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define SIZE_LIMIT	65536

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	LLVMFuzzerInitialize(int *, char ***) __attribute__((weak));

static uint64_t	state = 88172645463325252u;

/* Marsaglia's xorshift. */
static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Some bytes changed, and the end cut off or a piece said twice. */
static size_t
change(uint8_t *data, size_t size)
{
	for (uint64_t n = next_random() % 4 + 1; n > 0 && size > 0; n--)
		data[next_random() % size] = (uint8_t)next_random();
	if (next_random() % 4 == 0 && size > 0)
		return next_random() % size;
	if (next_random() % 4 == 0 && size > 0 && size < SIZE_LIMIT / 2) {
		size_t	from = next_random() % size;

		memmove(data + size, data + from, size - from);
		return size + size - from;
	}
	return size;
}

/* The input is in memory of just its size: a byte too far is seen. */
static void
try_input(const uint8_t *data, size_t size)
{
	uint8_t	*exact = mem_new(size == 0 ? 1 : size);

	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	mem_free(exact);
}

static void
try_file(const char *path, long changes)
{
	static uint8_t	 whole[SIZE_LIMIT], changed[SIZE_LIMIT];
	FILE		*file = fopen(path, "rb");
	size_t		 size;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(whole, 1, sizeof(whole), file);
	fclose(file);
	try_input(whole, size);
	for (long i = 0; i < changes; i++) {
		memcpy(changed, whole, size);
		try_input(changed, change(changed, size));
	}
}

int
main(int argc, char **argv)
{
	long		 changes = argc > 2 ? atol(argv[2]) : 1000;
	int		 files = 0;
	struct dirent	*entry;
	char		 path[4096];
	DIR		*folder;

	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	folder = argc > 1 ? opendir(argv[1]) : NULL;
	if (folder == NULL) {
		fputs("usage: replay FOLDER [changes]\n", stderr);
		return 2;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1],
		    entry->d_name);
		try_file(path, changes);
		files++;
	}
	closedir(folder);
	return files > 0 ? 0 : 1;
}
