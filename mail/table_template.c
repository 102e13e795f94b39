/*
 * Templates of queries and results.
 */

#include "mail/table_template.h"

#include <string.h>

#include "util/ascii.h"

const char *
table_template_why_bad(const char *template)
{
	const char	*p = template;

	while ((p = strchr(p, '%')) != NULL) {
		if (p[1] == '\0' || strchr("%sudSUD123456789", p[1]) == NULL)
			return "\"%\" is followed by none of % s u d S U D "
			    "1 to 9";
		p += 2;
	}
	return NULL;
}

static struct slice
domain_of(struct slice address)
{
	ptrdiff_t	at = slice_find_last(address, '@');

	return at < 0 ? slice_from(NULL, 0) :
	    slice_after(address, (size_t)at + 1);
}

static struct slice
local_of(struct slice address)
{
	ptrdiff_t	at = slice_find_last(address, '@');

	return at < 0 ? address : slice_first(address, (size_t)at);
}

/* The label at number, from 1, counted from the end; empty: none. */
static struct slice
label_of(struct slice domain, int number)
{
	ptrdiff_t	dot = -1;

	for (; number > 0 && domain.len > 0; number--) {
		dot = slice_find_last(domain, '.');
		if (number == 1)
			return slice_after(domain, (size_t)(dot + 1));
		domain = slice_first(domain, dot < 0 ? 0 : (size_t)dot);
	}
	return slice_from(NULL, 0);
}

static struct slice
part_of(const struct table_template_values *values, int letter)
{
	switch (letter) {
	case 's':
		return values->value;
	case 'u':
		return local_of(values->value);
	case 'd':
		return domain_of(values->value);
	case 'S':
		return values->key;
	case 'U':
		return local_of(values->key);
	case 'D':
		return domain_of(values->key);
	}
	return label_of(domain_of(values->key), letter - '0');
}

int
table_template_expand(const char *template,
    const struct table_template_values *values,
    table_template_quote_fn quote, void *arg, struct buf *into)
{
	struct slice	part;

	for (const char *p = template; *p != '\0'; p++) {
		if (*p != '%') {
			buf_put_u8(into, (uint8_t)*p);
			continue;
		}
		if (*++p == '%') {
			buf_put_u8(into, '%');
			continue;
		}
		part = part_of(values, *p);
		if (part.len == 0)
			return -1;
		if (quote == NULL)
			buf_put_slice(into, part);
		else if (quote(arg, part, into) < 0)
			return -1;
	}
	return 0;
}
