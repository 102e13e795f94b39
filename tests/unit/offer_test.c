#include "smtp/offer.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

static struct conf	conf = {
	.myhostname = "mail.example",
};
static const char	*discard = "";

/* What is offered: a letter each, then the limit. */
static bool
offers(const char *lines, const char *letters, uint64_t limit)
{
	struct offer	o;
	char		got[16];
	size_t		n = 0;

	memset(&o, 0xff, sizeof(o));
	if (offer_parse(&conf, discard, slice_str(lines), &o) != 0)
		return false;
	if (o.has_pipelining)
		got[n++] = 'p';
	if (o.has_8bit)
		got[n++] = '8';
	if (o.has_size)
		got[n++] = 's';
	if (o.has_chunking)
		got[n++] = 'c';
	if (o.has_binary)
		got[n++] = 'b';
	if (o.has_dsn)
		got[n++] = 'd';
	if (o.has_utf8)
		got[n++] = 'u';
	if (o.has_pipeconnect)
		got[n++] = 'e';
	got[n] = '\0';
	return strcmp(got, letters) == 0 && o.size_limit == limit;
}

static void
keywords(void)
{
	CU_ASSERT(offers("", "", 0));
	CU_ASSERT(offers("host\n", "", 0));
	CU_ASSERT(offers("host\nPIPELINING\n8BITMIME\nSIZE 1000\nCHUNKING\n"
	    "BINARYMIME\nDSN\nSMTPUTF8\nPIPECONNECT\n", "p8scbdue", 1000));
	/* RFC 5321 section 2.4: the case of keywords does not matter. */
	CU_ASSERT(offers("host\npipelining\n8bitMime\nsize 7\n", "p8s", 7));
	CU_ASSERT(offers("host\nX_PIPE_CONNECT\n", "e", 0));
	CU_ASSERT(offers("host hello you\nDSN \n  CHUNKING\t\n", "cd", 0));
	/* Whole words, and not in the name's line. */
	CU_ASSERT(offers("PIPELINING\n", "", 0));
	CU_ASSERT(offers("host PIPELINING\n", "", 0));
	CU_ASSERT(offers("host\nPIPELININGS\nXPIPELINING\nAUTH DSN\nX8BITMIME"
	    "\n8BITMIME=\n", "", 0));
	CU_ASSERT(offers("host\n\n \nPIPELINING", "p", 0));
}

static void
size_limits(void)
{
	CU_ASSERT(offers("host\nSIZE\n", "s", 0));
	CU_ASSERT(offers("host\nSIZE 0\n", "s", 0));
	CU_ASSERT(offers("host\nSIZE 1\n", "s", 1));
	CU_ASSERT(offers("host\nSIZE 18446744073709551615\n", "s",
	    UINT64_MAX));
	/* What is no number tells nothing. */
	CU_ASSERT(offers("host\nSIZE 18446744073709551616\n", "s", 0));
	CU_ASSERT(offers("host\nSIZE -1\n", "s", 0));
	CU_ASSERT(offers("host\nSIZE 10K\n", "s", 0));
	CU_ASSERT(offers("host\nSIZE=10\n", "", 0));
}

static void
discarded(void)
{
	discard = "pipelining, SIZE\tdsn";
	CU_ASSERT(offers("host\nPIPELINING\n8BITMIME\nsize 7\nDSN\n", "8", 0));
	discard = "";
	CU_ASSERT(offers("host\nPIPELINING\n8BITMIME\nsize 7\nDSN\n", "p8sd",
	    7));
}

static void
our_own_name(void)
{
	struct offer	o;

	CU_ASSERT_EQUAL(offer_parse(&conf, discard,
	    SLICE_LIT("mail.example\n"), &o), -1);
	CU_ASSERT_EQUAL(offer_parse(&conf, discard,
	    SLICE_LIT("MAIL.Example at your service\nDSN\n"), &o), -1);
	CU_ASSERT_EQUAL(offer_parse(&conf, discard,
	    SLICE_LIT("mail.example2\n"), &o), 0);
	CU_ASSERT_EQUAL(offer_parse(&conf, discard,
	    SLICE_LIT("other mail.example\nmail.example\n"), &o), 0);
}

/* Cut anywhere, a reply offers no more than the whole one. */
static void
cut_at_every_byte(void)
{
	struct slice	all = SLICE_LIT("host\n8BITMIME\nSIZE 99\nDSN\n"
			    "CHUNKING\nPIPELINING\n");
	struct offer	whole, part;

	CU_ASSERT_EQUAL(offer_parse(&conf, discard, all, &whole), 0);
	whole.size_limit = 0;
	for (size_t cut = 0; cut <= all.len; cut++) {
		CU_ASSERT_EQUAL(offer_parse(&conf, discard,
		    slice_first(all, cut), &part), 0);
		part.size_limit = 0;
		CU_ASSERT(offer_covers(&whole, &part));
	}
}

static void
random_bytes(void)
{
	static const char	*words[] = { "SIZE", "DSN", " ", "\n", "\t",
				    "99", "\r", "host", "PIPELINING", "\377" };
	char			 text[400];
	struct offer		 o;

	srandom(6);
	for (int i = 0; i < 5000; i++) {
		size_t	len = 0;

		while (len < 300 && random() % 30 != 0)
			if (random() % 3 == 0)
				text[len++] = (char)random();
			else
				len += (size_t)snprintf(text + len, 90, "%s",
				    words[(size_t)random() % 10]);
		CU_ASSERT_EQUAL(offer_parse(&conf, discard,
		    slice_from(text, len), &o), 0);
	}
}

static void
covers(void)
{
	const struct offer	none = { 0 };
	const struct offer	two = { .has_dsn = true, .has_8bit = true };
	const struct offer	one = { .has_dsn = true };
	const struct offer	wide = { .has_size = true, .size_limit = 100 };
	const struct offer	narrow = { .has_size = true, .size_limit = 99 };
	const struct offer	open = { .has_size = true };

	CU_ASSERT(offer_covers(&none, &none));
	CU_ASSERT(offer_covers(&two, &one));
	CU_ASSERT_FALSE(offer_covers(&one, &two));
	CU_ASSERT(offer_covers(&two, &two));
	CU_ASSERT(offer_covers(&wide, &wide));
	CU_ASSERT(offer_covers(&wide, &narrow));
	CU_ASSERT_FALSE(offer_covers(&narrow, &wide));
	CU_ASSERT(offer_covers(&open, &wide));
	CU_ASSERT_FALSE(offer_covers(&wide, &open));
}

void	offer_test(void);

void
offer_test(void)
{
	CU_pSuite	suite = CU_add_suite("offer", NULL, NULL);

	CU_add_test(suite, "keywords", keywords);
	CU_add_test(suite, "size limits", size_limits);
	CU_add_test(suite, "discarded", discarded);
	CU_add_test(suite, "our own name", our_own_name);
	CU_add_test(suite, "cut at every byte", cut_at_every_byte);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "covers", covers);
}
