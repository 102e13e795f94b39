#include "mail/letterhead.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/ipc.h"
#include "util/ascii.h"
#include "util/mem.h"

/* Senders' addresses in capitals, recipients' with a + in front. */
static const struct {
	const char	*text, *want;
} cases[] = {
	{ "From: a@b\r\nTo: c@d, e (f)\r\n\r\nTo: x@y\r\n",
	    "From: A@B\r\nTo: +c@d, +e (f)\r\n\r\nTo: x@y\r\n" },
	{ "from : \"J. (D)\" <a@b>\r\n\r\n",
	    "from : \"J. (D)\" <A@B>\r\n\r\n" },
	{ "To: a@b,\r\n\tc@d,\r\n \"e f\"@g\r\nX: a@b\r\n\r\n",
	    "To: +a@b,\r\n\t+c@d,\r\n +\"e f\"@g\r\nX: a@b\r\n\r\n" },
	{ "Cc: list: a@b, c@d;\r\nReply-To: e@f\r\nSender: g@h\r\n"
	    "Resent-From: i@j\r\nResent-Cc: k@l\r\n\r\n",
	    "Cc: list: +a@b, +c@d;\r\nReply-To: E@F\r\nSender: G@H\r\n"
	    "Resent-From: I@J\r\nResent-Cc: +k@l\r\n\r\n" },
	/* what is no address stays */
	{ "To: two words, a@b, <x, \"\r\n\r\n",
	    "To: two words, +a@b, <x, \"\r\n\r\n" },
	{ "Subject: a@b\r\nTo: a@b\r\nMessage-Id: <a@b>\r\n\r\n",
	    "Subject: a@b\r\nTo: +a@b\r\nMessage-Id: <a@b>\r\n\r\n" },
	{ "To:\r\nFrom:  \r\n\r\n", "To:\r\nFrom:  \r\n\r\n" },
	/* the header ends where there is no field */
	{ "To: a@b\r\nno field\r\nTo: c@d\r\n\r\n",
	    "To: +a@b\r\nno field\r\nTo: c@d\r\n\r\n" },
	{ "\r\nTo: c@d\r\n", "\r\nTo: c@d\r\n" },
	{ "no header\r\n", "no header\r\n" },
	/* or with the message */
	{ "To: a@b\r\n", "To: +a@b\r\n" },
	{ "From: a@b\r\nTo: c@d", "From: A@B\r\nTo: c@d" },
	{ "", "" },
};

static void
set_wanted(struct letterhead *head)
{
	for (size_t i = 0; i < head->count; i++) {
		struct letterhead_item	*item = &head->items[i];

		if (item->place == PLACE_HEADER_RECIPIENT) {
			item->wanted = mem_printf("+%s", item->address);
			continue;
		}
		item->wanted = mem_strdup(item->address);
		for (char *p = item->wanted; *p != '\0'; p++)
			*p = (char)ascii_upper(*p);
	}
}

/* In pieces of that size. */
static void
compare(const char *text, const char *want, size_t size)
{
	struct letterhead	head = { .text = BUF_INIT };
	struct slice		rest = slice_str(text);
	struct buf		out = BUF_INIT;

	while (rest.len > 0 && !letterhead_put(&head,
	    slice_first(rest, size)))
		rest = slice_after(rest, size);
	rest = slice_after(rest, size);
	letterhead_read(&head);
	set_wanted(&head);
	letterhead_format(&head, &out);
	buf_put_slice(&out, rest);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
	if (strcmp(buf_cstr(&out), want) != 0)
		printf("\n%s\n", buf_cstr(&out));
	buf_clear(&out);
	letterhead_clear(&head);
}

static void
headers(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t size = 1; size < 100; size += 7)
			compare(cases[i].text, cases[i].want, size);
}

/* Nothing is kept, or found, without end. */
static void
limits(void)
{
	struct letterhead	head = { .text = BUF_INIT };
	size_t			put = 0;

	while (!letterhead_put(&head, SLICE_LIT("To: a@b,\r\n c\r\n")) &&
	    put < (size_t)10 * LETTERHEAD_LIMIT)
		put += 14;
	CU_ASSERT(put < LETTERHEAD_LIMIT + 100);
	letterhead_read(&head);
	CU_ASSERT_EQUAL(head.count, LETTERHEAD_ADDRESSES);
	letterhead_clear(&head);
	for (put = 0; !letterhead_put(&head, SLICE_LIT("To: a@b no end"));)
		put += 14;
	CU_ASSERT(put < LETTERHEAD_LIMIT + 100);
	letterhead_read(&head);
	CU_ASSERT_EQUAL(head.count, 0);
	letterhead_clear(&head);
}

/* Whatever it is: without wishes it comes out as it went in. */
static void
random_headers(void)
{
	static const char	letters[] = "\r\n\r\nTo:Cc:From: a@b,\"(<>)\t;";
	char			text[80];

	srandom(10);
	for (int i = 0; i < 20000; i++) {
		struct letterhead	head = { .text = BUF_INIT };
		struct buf		out = BUF_INIT;
		size_t			len = (size_t)random() % 80;

		for (size_t k = 0; k < len; k++)
			text[k] = letters[random() %
			    (long)sizeof(letters)];
		letterhead_put(&head, SLICE_LIT("To: "));
		letterhead_put(&head, slice_from(text, len));
		letterhead_read(&head);
		letterhead_format(&head, &out);
		CU_ASSERT(slice_equal(slice_after(buf_slice(&out), 4),
		    slice_from(text, len)));
		buf_clear(&out);
		letterhead_clear(&head);
	}
}

void	letterhead_test(void);

void
letterhead_test(void)
{
	CU_pSuite	suite = CU_add_suite("letterhead", NULL, NULL);

	CU_add_test(suite, "headers", headers);
	CU_add_test(suite, "limits", limits);
	CU_add_test(suite, "random headers", random_headers);
}
