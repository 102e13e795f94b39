#ifndef UTIL_BUF_H
#define UTIL_BUF_H

/*
 * An owned run of bytes that grows at the back and is consumed at the front.
 *
 *	data        start            start+len      cap
 *	 | consumed  | readable bytes | room         |
 *
 * Open, so that it can be embedded: start with BUF_INIT, end with buf_clear.
 * Growth never fails (util/mem.h); whoever lets a peer write into a buf puts
 * a limit in front of it.
 *
 * What a buf with keeps_secrets set has held is overwritten as soon as it is
 * consumed, moved or freed.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct buf {
	unsigned char	*data;	/* owned; NULL when cap is 0 */
	size_t		 start;
	size_t		 len;
	size_t		 cap;
	bool		 keeps_secrets;
};

#define BUF_INIT	{ NULL, 0, 0, 0, false }
#define BUF_SECRET	{ NULL, 0, 0, 0, true }

/*
 * Free the storage; the buf is empty and may be used again, for secrets too
 * when it was.
 */
void		 buf_clear(struct buf *buf);

/* Forget the bytes, keep the storage. */
void		 buf_empty(struct buf *buf);

/* Give back the storage that the bytes do not need (but up to its half). */
void		 buf_shrink(struct buf *buf);

/* The readable bytes; borrowed until the next call that changes buf. */
struct slice	 buf_slice(const struct buf *buf);

/* The readable bytes with a NUL behind them; borrowed likewise. */
const char	*buf_cstr(struct buf *buf);

/* Append. Integers are big-endian. */
void		 buf_put(struct buf *buf, const void *data, size_t len);
void		 buf_put_slice(struct buf *buf, struct slice s);
void		 buf_put_str(struct buf *buf, const char *s);
void		 buf_put_u8(struct buf *buf, uint8_t value);
void		 buf_put_u16(struct buf *buf, uint16_t value);
void		 buf_put_u32(struct buf *buf, uint32_t value);
void		 buf_put_u64(struct buf *buf, uint64_t value);
void		 buf_printf(struct buf *buf, const char *format, ...)
		    __attribute__((format(printf, 2, 3)));
void		 buf_vprintf(struct buf *buf, const char *format, va_list args)
		    __attribute__((format(printf, 2, 0)));

/* As C would write it between quotes: \r\n, \\, \033; only ASCII stays. */
void		 buf_put_escaped(struct buf *buf, struct slice s);

/* Room for at least len bytes at the back: write there, then buf_commit. */
unsigned char	*buf_reserve(struct buf *buf, size_t len);
void		 buf_commit(struct buf *buf, size_t len);

/* Consume len bytes (at most all) at the front. */
void		 buf_drop(struct buf *buf, size_t len);

/* Keep the first len bytes only. */
void		 buf_truncate(struct buf *buf, size_t len);

/* Overwrite four readable bytes at offset, which must exist. */
void		 buf_set_u32(struct buf *buf, size_t offset, uint32_t value);

#endif
