#ifndef UTIL_SLICE_H
#define UTIL_SLICE_H

/*
 * A borrowed run of bytes: pointer and length, no NUL, never freed.
 * All parsing of wire bytes goes through the slice_get functions: they
 * return 0 and move past what they took, or -1 and do not move.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const unsigned char	*data;	/* borrowed */
	size_t			 len;
};

#define SLICE_LIT(text) \
	((struct slice){ (const unsigned char *)(text), sizeof(text) - 1 })

/* For printf: "%.*s" with SLICE_ARG(s). */
#define SLICE_ARG(s)	(int)(s).len, (const char *)(s).data

struct slice	 slice_from(const void *data, size_t len);
struct slice	 slice_str(const char *s);		/* s may be NULL */

/* From offset to the end; an offset past the end gives an empty slice. */
struct slice	 slice_after(struct slice s, size_t offset);
/* At most len bytes. */
struct slice	 slice_first(struct slice s, size_t len);

bool		 slice_is(struct slice s, const char *text);
bool		 slice_is_nocase(struct slice s, const char *text);
bool		 slice_equal(struct slice a, struct slice b);
bool		 slice_equal_nocase(struct slice a, struct slice b);
bool		 slice_has_prefix(struct slice s, const char *prefix);
bool		 slice_has_prefix_nocase(struct slice s, const char *prefix);

/* No byte has its eighth bit set. */
bool		 slice_is_ascii(struct slice s);

/* The offset of the first (last) c, or -1. */
ptrdiff_t	 slice_find(struct slice s, int c);
ptrdiff_t	 slice_find_last(struct slice s, int c);

/* Without ASCII white space at both ends. */
struct slice	 slice_trim(struct slice s);

/* A NUL-terminated copy; the caller frees with mem_free. */
char		*slice_dup(struct slice s);

/* Big-endian integers and runs of bytes off the front; 0 or -1. */
int		 slice_get_u8(struct slice *from, uint8_t *value_r);
int		 slice_get_u16(struct slice *from, uint16_t *value_r);
int		 slice_get_u32(struct slice *from, uint32_t *value_r);
int		 slice_get_u64(struct slice *from, uint64_t *value_r);
int		 slice_get_bytes(struct slice *from, size_t len,
		    struct slice *bytes_r);

/*
 * The next word: a run of bytes that are not in separators.  0 and the
 * word, or -1 when only separators are left.
 */
int		 slice_get_word(struct slice *from, const char *separators,
		    struct slice *word_r);

/* The whole slice as a decimal number; 0, or -1 when it is none or too big. */
int		 slice_parse_u64(struct slice s, uint64_t *value_r);

#endif
