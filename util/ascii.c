/*
 * Comparison without locale, and the recogniser of UTF-8 (RFC 3629).
 */

#include "util/ascii.h"

int
ascii_compare_n(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int	x = ascii_lower((unsigned char)a[i]);
		int	y = ascii_lower((unsigned char)b[i]);

		if (x != y)
			return x - y;
		if (x == '\0')
			break;
	}
	return 0;
}

int
ascii_compare(const char *a, const char *b)
{
	return ascii_compare_n(a, b, (size_t)-1);
}

/* RFC 3629 section 4: no overlong form, no surrogate, nothing over 10FFFF. */
size_t
ascii_utf8_len(const unsigned char *p, size_t len)
{
	unsigned char	low = 0x80, high = 0xbf;
	size_t		n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}
