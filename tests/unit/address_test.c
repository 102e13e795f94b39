#include "mail/address.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char	*text;
	bool		 strict;
	const char	*address;	/* NULL: refused */
	const char	*rest;
} paths[] = {
	{ "<a@b.example>", true, "a@b.example", "" },
	{ "<a@b.example> SIZE=1", true, "a@b.example", " SIZE=1" },
	{ "<>", true, "", "" },
	{ "<> BODY=7BIT", true, "", " BODY=7BIT" },
	{ "a@b.example", true, NULL, NULL },
	{ "a@b.example", false, "a@b.example", "" },
	{ " <a@b.example>", true, NULL, NULL },
	{ " <a@b.example>", false, "a@b.example", "" },
	{ "<a@b.example", false, NULL, NULL },
	{ "<a@b.example>x", false, NULL, NULL },
	{ "<@x.example,@y.example:a@b.example>", true, "a@b.example", "" },
	{ "<@x.example:a@b.example>", true, "a@b.example", "" },
	{ "<@x..example:a@b.example>", true, NULL, NULL },
	{ "<@x.example a@b.example>", true, NULL, NULL },
	{ "<\"a b\"@c.example>", true, "\"a b\"@c.example", "" },
	{ "<\"a\"@c.example>", true, "a@c.example", "" },
	{ "<\"a\\\"b\"@c.example>", true, "\"a\\\"b\"@c.example", "" },
	{ "<\"a@b\"@c.example>", true, "\"a@b\"@c.example", "" },
	{ "<\"a@c.example>", true, NULL, NULL },
	{ "<a..b@c.example>", true, "\"a..b\"@c.example", "" },
	{ "<a@[192.0.2.1]>", true, "a@[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", true, "a@[IPv6:2001:db8::1]", "" },
	{ "<a@[2001:db8::1]>", true, NULL, NULL },
	{ "<a@[192.0.2.256]>", true, NULL, NULL },
	{ "<a@b.example.>", true, "a@b.example", "" },
	{ "<a@-b.example>", true, NULL, NULL },
	{ "<a@b_c.example>", true, "a@b_c.example", "" },
	{ "<a@>", true, NULL, NULL },
	{ "<@b.example>", true, NULL, NULL },
	{ "<a@b@c.example>", true, NULL, NULL },
	{ "<a b@c.example>", true, NULL, NULL },
	{ "<postmaster>", true, "postmaster", "" },
	{ "<a\001@b.example>", false, NULL, NULL },
	{ "<\303\244@b.example>", false, NULL, NULL },
	{ "", false, NULL, NULL },
};

/* With ADDRESS_UTF8; what is not marked there is refused without it. */
static const struct {
	const char	*text;
	const char	*address;	/* NULL: refused */
} wide[] = {
	{ "<a@b.example>", "a@b.example" },
	{ "<\xd0\xb6@b.example> X", "\xd0\xb6@b.example" },
	{ "<\"\xd0\xb6 x\"@b.example>", "\"\xd0\xb6 x\"@b.example" },
	{ "<a@\xe7\xb6\xb2.\xd0\xb6>", "a@\xe7\xb6\xb2.\xd0\xb6" },
	{ "<@\xd0\xb6.example:a@b.example>", "a@b.example" },
	{ "<\xf4\x8f\xbf\xbf@b>", "\xf4\x8f\xbf\xbf@b" },
	{ "<\xe9@b.example>", NULL },			/* Latin-1 */
	{ "<a@\xd0.example>", NULL },			/* cut */
	{ "<\"\xd0\"@b.example>", NULL },
	{ "<\xc0\xae@b.example>", NULL },		/* overlong */
	{ "<\xe0\x80\xae@b.example>", NULL },
	{ "<\xf0\x80\x80\xae@b.example>", NULL },
	{ "<\xed\xa0\x80@b.example>", NULL },		/* a surrogate */
	{ "<\xf4\x90\x80\x80@b.example>", NULL },	/* too large */
	{ "<\xc2\x85@b.example>", NULL },		/* a control */
	{ "<a\001\xd0\xb6@b.example>", NULL },
	{ "<a@-\xd0\xb6.example>", NULL },
};

static void
utf8_where_it_may_be(void)
{
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
		struct slice	 from = slice_str(wide[i].text);
		struct buf	 address = BUF_INIT;
		const char	*why = NULL;

		CU_ASSERT_EQUAL(address_parse_path(&from, ADDRESS_UTF8,
		    &address, &why), wide[i].address == NULL ? -1 : 0);
		if (wide[i].address != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&address),
			    wide[i].address);
		buf_empty(&address);
		from = slice_str(wide[i].text);
		if (address_is_utf8(from)) {
			CU_ASSERT_EQUAL(address_parse_path(&from, 0,
			    &address, &why), -1);
		}
		buf_clear(&address);
	}
	CU_ASSERT_FALSE(address_is_domain(SLICE_LIT("\xd0\xb6.example")));
}

static void
parses_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct slice	 from = slice_str(paths[i].text);
		struct slice	 before = from;
		struct buf	 address = BUF_INIT;
		const char	*why = NULL;
		int		 got;

		got = address_parse_path(&from,
		    paths[i].strict ? ADDRESS_STRICT : 0, &address, &why);
		CU_ASSERT_EQUAL(got, paths[i].address == NULL ? -1 : 0);
		if (got == 0) {
			CU_ASSERT_STRING_EQUAL(buf_cstr(&address),
			    paths[i].address);
			CU_ASSERT(slice_is(from, paths[i].rest));
		} else {
			CU_ASSERT_PTR_NOT_NULL(why);
			CU_ASSERT_PTR_EQUAL(from.data, before.data);
		}
		buf_clear(&address);
	}
}

/* What is accepted once is accepted again, and stays the same. */
static void
random_paths(void)
{
	static const char	letters[] = "ab.@<>\"\\[]:, 1%!IPv6:\t\r\n\177";
	unsigned char		bytes[24];

	srandom(5);
	for (int i = 0; i < 200000; i++) {
		struct buf	 one = BUF_INIT, two = BUF_INIT;
		const char	*why;
		size_t		 len = (size_t)random() % sizeof(bytes);
		struct slice	 from = slice_from(bytes, len);

		for (size_t k = 0; k < len; k++)
			bytes[k] = i % 8 == 0 ? (unsigned char)random() :
			    (unsigned char)letters[random() %
			    (long)(sizeof(letters) - 1)];
		if (address_parse_path(&from, 0, &one, &why) == 0) {
			struct buf	path = BUF_INIT;

			buf_printf(&path, "<%s>", buf_cstr(&one));
			from = buf_slice(&path);
			CU_ASSERT_EQUAL(address_parse_path(&from,
			    ADDRESS_STRICT, &two, &why), 0);
			CU_ASSERT(slice_equal(buf_slice(&one),
			    buf_slice(&two)));
			buf_clear(&path);
		}
		buf_clear(&one);
		buf_clear(&two);
	}
}

static void
parts(void)
{
	struct slice	a = slice_str("\"x@y\"@z.example");

	CU_ASSERT(slice_is(address_domain(a), "z.example"));
	CU_ASSERT(slice_is(address_local(a), "\"x@y\""));
	CU_ASSERT_EQUAL(address_domain(slice_str("\"x@y\"")).len, 0);
	CU_ASSERT_EQUAL(address_domain(slice_str("x")).len, 0);
}

static void
ascii_domains(void)
{
	static const struct {
		const char	*domain, *want;		/* NULL: none */
	} cases[] = {
		{ "a.example", "a.example" },
		{ "A.example", "A.example" },
		{ "b\303\274cher.example", "xn--bcher-kva.example" },
		{ "B\303\234CHER.example", "xn--bcher-kva.example" },
		{ "\303\237.example", "xn--zca.example" },
		{ "\346\227\245\346\234\254.example",
		    "xn--wgv71a.example" },
		{ "a\343\200\202\303\244", "a.xn--4ca" },
		{ "\303.example", NULL },
		{ "\342\200\213.example", NULL },
		{ "-\303\244.example", NULL },
		{ "[\303\244]", NULL },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	out = BUF_INIT;
		bool		ok;

		ok = address_put_ascii_domain(&out,
		    slice_str(cases[i].domain));
		CU_ASSERT_EQUAL(ok, cases[i].want != NULL);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
		    cases[i].want == NULL ? "" : cases[i].want);
		if (ok != (cases[i].want != NULL))
			printf("\n%s: %s\n", cases[i].domain,
			    buf_cstr(&out));
		buf_clear(&out);
	}
}

static void
matches(void)
{
	CU_ASSERT(address_domain_matches(slice_str("A.example"),
	    slice_str("a.EXAMPLE"), false));
	CU_ASSERT(!address_domain_matches(slice_str("x.a.example"),
	    slice_str("a.example"), false));
	CU_ASSERT(address_domain_matches(slice_str("x.a.example"),
	    slice_str("a.example"), true));
	CU_ASSERT(address_domain_matches(slice_str("x.a.example"),
	    slice_str(".a.example"), false));
	CU_ASSERT(!address_domain_matches(slice_str("a.example"),
	    slice_str(".a.example"), false));
	CU_ASSERT(!address_domain_matches(slice_str("xa.example"),
	    slice_str("a.example"), true));
}

void	address_test(void);

void
address_test(void)
{
	CU_pSuite	suite = CU_add_suite("address", NULL, NULL);

	CU_add_test(suite, "paths", parses_paths);
	CU_add_test(suite, "UTF-8 where it may be", utf8_where_it_may_be);
	CU_add_test(suite, "random paths", random_paths);
	CU_add_test(suite, "parts", parts);
	CU_add_test(suite, "domains as the DNS has them", ascii_domains);
	CU_add_test(suite, "matches", matches);
}
