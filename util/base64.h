#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

/*
 * Base64 (RFC 4648 section 4).
 */

#include "util/buf.h"
#include "util/slice.h"

/* Append bytes as base64, with its padding. */
void	base64_put(struct buf *into, struct slice bytes);

/*
 * Append the bytes that text stands for: 0, or -1 when it is no base64
 * (wrong letters, padding missing or not at the end, bits left over), and
 * nothing is appended.
 */
int	base64_get(struct buf *into, struct slice text);

#endif
