#ifndef UTIL_MEM_H
#define UTIL_MEM_H

/*
 * Memory that does not fail: each function succeeds or the process exits
 * (log_fatal), so that no caller needs an error path.  What a peer can make
 * grow is capped where it enters, not here.
 */

#include <stddef.h>

/* size bytes, zeroed; the caller frees with mem_free. */
void	*mem_new(size_t size);

/* count elements of size bytes, zeroed; an overflow exits. */
void	*mem_new_array(size_t count, size_t size);

/* Grow or shrink; the old pointer is gone.  New bytes are not zeroed. */
void	*mem_resize(void *old, size_t size);

/* Copies; the caller frees. */
void	*mem_copy(const void *from, size_t size);
char	*mem_strdup(const char *s);
char	*mem_strndup(const char *s, size_t len);

/* printf into a new string; the caller frees. */
char	*mem_printf(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));

void	 mem_free(void *p);

#endif
