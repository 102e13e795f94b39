/*
 * Lists of protocols and grades of ciphers.
 */

#include "net/tls_protocol.h"

#include <stddef.h>

#define SEPARATORS	" \t\r\n,:"
#define FIRST		0x0300		/* SSLv3, RFC 6101 */
#define ALL		0x1fu

static const char *const names[] = {
	"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3",
};
#define COUNT	(int)(sizeof(names) / sizeof(*names))

/* The number behind FIRST; -1 is older than all of them, -2 unknown. */
static int
number(struct slice name)
{
	for (int i = 0; i < COUNT; i++)
		if (slice_is_nocase(name, names[i]))
			return i;
	return slice_is_nocase(name, "SSLv2") ? -1 : -2;
}

int
tls_protocol_parse(const char *list, struct tls_protocols *protocols_r,
    struct buf *why)
{
	struct slice	rest = slice_str(list), word;
	unsigned	included = 0, excluded = 0;

	protocols_r->min = protocols_r->max = 0;
	while (slice_get_word(&rest, SEPARATORS, &word) == 0) {
		bool	 is_min = slice_has_prefix(word, ">=");
		bool	 is_max = slice_has_prefix(word, "<=");
		bool	 is_not = slice_has_prefix(word, "!");
		size_t	 skip = is_min || is_max ? 2 : is_not ? 1 : 0;
		int	 n = number(slice_after(word, skip));

		if (n == -2 || (is_max && n < 0)) {
			buf_printf(why, "unknown TLS protocol \"%.*s\"",
			    SLICE_ARG(slice_first(word, 40)));
			return -1;
		}
		if (is_min)
			protocols_r->min = n < 0 ? 0 : FIRST + n;
		else if (is_max)
			protocols_r->max = FIRST + n;
		else if (n >= 0 && is_not)
			excluded |= 1u << n;
		else if (n >= 0)
			included |= 1u << n;
	}
	protocols_r->excluded = excluded | (included == 0 ? 0 :
	    ALL & ~included);
	if (protocols_r->excluded == ALL) {
		buf_put_str(why, "no TLS protocol is left");
		return -1;
	}
	return 0;
}

int
tls_protocol_ciphers(const struct tls_grades *grades, const char *grade,
    const char *exclude, struct buf *list)
{
	struct slice	rest = slice_str(exclude), word, g = slice_str(grade);

	if (slice_is_nocase(g, "high"))
		buf_put_str(list, grades->high);
	else if (slice_is_nocase(g, "medium") || slice_is_nocase(g, "low") ||
	    slice_is_nocase(g, "export"))
		buf_put_str(list, grades->medium);
	else if (slice_is_nocase(g, "null"))
		buf_put_str(list, grades->null);
	else
		return -1;
	while (slice_get_word(&rest, SEPARATORS, &word) == 0)
		buf_printf(list, ":!%.*s", SLICE_ARG(word));
	return 0;
}
