#ifndef UTIL_ASCII_H
#define UTIL_ASCII_H

/*
 * Character classes of US-ASCII, whatever the locale, for any byte value.
 */

#include <stdbool.h>
#include <stddef.h>

static inline bool
ascii_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_alnum(int c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* Printable, the space included. */
static inline bool
ascii_is_print(int c)
{
	return c >= 0x20 && c < 0x7f;
}

static inline bool
ascii_is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline int
ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline int
ascii_upper(int c)
{
	return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
}

/* 0 to 15, or -1 when c is no hexadecimal digit. */
static inline int
ascii_hex(int c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Like strcasecmp and strncasecmp, for ASCII only. */
int	ascii_compare(const char *a, const char *b);
int	ascii_compare_n(const char *a, const char *b, size_t len);

/* The length in bytes of the well-formed UTF-8 sequence at p, or 0. */
size_t	ascii_utf8_len(const unsigned char *p, size_t len);

#endif
