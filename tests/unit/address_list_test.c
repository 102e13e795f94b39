#include "mail/address_list.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/address.h"

/* Each address as "text where it stands=address", "!" for none, by spaces. */
static const struct {
	const char	*text, *want;
} cases[] = {
	{ "", "" },
	{ " \r\n\t", "" },
	{ "a@b", "a@b=a@b" },
	{ "user", "user=user" },
	{ "a@b, c@d", "a@b=a@b c@d=c@d" },
	{ ",, a@b,,c@d ,", "a@b=a@b c@d=c@d" },
	{ "<a@b>", "a@b=a@b" },
	{ "J. Doe <a@b>", "a@b=a@b" },
	{ "\"Doe, J.\" <a@b>", "a@b=a@b" },
	{ "\"Doe <x@y>\" <a@b>, c", "a@b=a@b c=c" },
	{ "a@b (one, two), c@d", "a@b=a@b c@d=c@d" },
	{ "(x (y@z) \\) w) a@b", "a@b=a@b" },
	{ "a@(there)b.(is)c", "a@(there)b.(is)c=a@b.c" },
	{ "a @ b", "a @ b=a@b" },
	{ "a . b@c . d", "a . b@c . d=a.b@c.d" },
	{ "a@b.", "a@b.=a@b" },
	{ "< a@b >", "a@b=a@b" },
	{ "<@x,@y:a@b>", "a@b=a@b" },
	{ "<@x,,@y : a@b>, c@d", "a@b=a@b c@d=c@d" },
	{ "friends: a@b, C <c@d>;", "a@b=a@b c@d=c@d" },
	{ "none:;, a@b", "a@b=a@b" },
	{ "undisclosed-recipients:;", "" },
	{ "\"a b\"@c", "\"a b\"@c=\"a b\"@c" },
	{ "\"ab\"@c", "\"ab\"@c=ab@c" },
	{ "\"a\\\"b\"@c", "\"a\\\"b\"@c=\"a\\\"b\"@c" },
	{ "\"a\".b@c", "\"a\".b@c=a.b@c" },
	{ "\"a@b\"@c", "\"a@b\"@c=\"a@b\"@c" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]=a@[192.0.2.1]" },
	{ "a@b,\r\n c@d", "a@b=a@b c@d=c@d" },
	{ "a@\r\n b", "a@\r\n b=a@b" },
	{ "<>", "" },
	{ "<>, a@b", "a@b=a@b" },
	{ "\303\251@b", "\303\251@b=\303\251@b" },
	/* not an address: passed over */
	{ "two words, a@b", "! a@b=a@b" },
	{ "a@b c@d, e@f", "! e@f=e@f" },
	{ "@b, c@d", "! c@d=c@d" },
	{ "a@, c@d", "! c@d=c@d" },
	{ "<a@b, c@d", "! c@d=c@d" },
	{ "<a@b", "!" },
	{ "a@b>", "!" },
	{ "<<a@b>>", "!" },
	{ "<x:a@b>", "!" },
	{ "<@a:b", "!" },
	{ "\"a@b", "!" },
	{ "a@[192", "!" },
	{ "a@b)", "!" },
	{ "a\\@b, c@d", "! c@d=c@d" },
	{ "a@\"b\"", "!" },
	{ "a[1]@b", "!" },
	{ "a@b[1]", "!" },
	{ "\"a\001\"@b", "!" },
	{ "a@b (never closed, c@d", "a@b=a@b" },
};

static void
put_all(const char *text, struct buf *out)
{
	struct address_list	list;
	struct buf		address = BUF_INIT;
	int			got;

	address_list_init(&list, slice_str(text));
	while ((got = address_list_get(&list, &address)) != 0) {
		if (out->len > 0)
			buf_put_u8(out, ' ');
		if (got < 0)
			buf_put_str(out, "!");
		else
			buf_printf(out, "%.*s=%s", (int)(list.end -
			    list.start), text + list.start,
			    buf_cstr(&address));
		buf_empty(&address);
	}
	buf_clear(&address);
}

static void
lists(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	out = BUF_INIT;

		put_all(cases[i].text, &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), cases[i].want);
		if (strcmp(buf_cstr(&out), cases[i].want) != 0)
			printf("\n%s: %s, not %s\n", cases[i].text,
			    buf_cstr(&out), cases[i].want);
		buf_clear(&out);
	}
}

/* It ends, stays inside, and what it finds can be read again. */
static void
random_lists(void)
{
	static const char	letters[] = "ab.,;:@<>()[]\"\\ \r\n\001\377";
	char			text[40];

	srandom(9);
	for (int i = 0; i < 100000; i++) {
		struct address_list	list;
		struct buf		address = BUF_INIT;
		size_t			len = (size_t)random() % 40;
		int			got, count = 0;

		for (size_t k = 0; k < len; k++)
			text[k] = letters[random() %
			    (long)sizeof(letters)];
		address_list_init(&list, slice_from(text, len));
		while ((got = address_list_get(&list, &address)) != 0 &&
		    ++count < 50) {
			if (got > 0)
				CU_ASSERT(list.start < list.end &&
				    list.end <= len && address.len > 0);
			buf_empty(&address);
		}
		CU_ASSERT(count < 50);
		buf_clear(&address);
	}
}

/* No address is longer than one may be. */
static void
long_addresses(void)
{
	struct address_list	list;
	struct buf		text = BUF_INIT, address = BUF_INIT;

	for (int i = 0; i < ADDRESS_LIMIT; i++)
		buf_put_u8(&text, 'a');
	buf_put_str(&text, "@b, c@d");
	address_list_init(&list, buf_slice(&text));
	CU_ASSERT_EQUAL(address_list_get(&list, &address), -1);
	CU_ASSERT_EQUAL(address_list_get(&list, &address), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&address), "c@d");
	buf_clear(&text);
	buf_clear(&address);
}

void	address_list_test(void);

void
address_list_test(void)
{
	CU_pSuite	suite = CU_add_suite("address_list", NULL, NULL);

	CU_add_test(suite, "lists", lists);
	CU_add_test(suite, "random lists", random_lists);
	CU_add_test(suite, "long addresses", long_addresses);
}
