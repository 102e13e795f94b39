/*
 * Allocation that never returns NULL.  The only file that calls malloc.
 */

#include "util/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

static void *
check(void *p, size_t size)
{
	if (p == NULL)
		log_fatal("out of memory: %zu bytes", size);
	return p;
}

void *
mem_new(size_t size)
{
	return check(calloc(1, size == 0 ? 1 : size), size);
}

void *
mem_new_array(size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		log_fatal("out of memory: %zu times %zu bytes", count, size);
	return mem_new(count * size);
}

void *
mem_resize(void *old, size_t size)
{
	return check(realloc(old, size == 0 ? 1 : size), size);
}

void *
mem_copy(const void *from, size_t size)
{
	void	*p = check(malloc(size == 0 ? 1 : size), size);

	if (size != 0)
		memcpy(p, from, size);
	return p;
}

char *
mem_strndup(const char *s, size_t len)
{
	char	*p = mem_new(len + 1);

	if (len != 0)
		memcpy(p, s, len);
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_printf(const char *format, ...)
{
	va_list	 args;
	char	*text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return check(text, 0);
}

void
mem_free(void *p)
{
	free(p);
}
