#include "qmgr/record.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "mail/ipc.h"
#include "util/mem.h"

static const struct store_message	sample = {
	.arrival_us = 1700000000000001, .size = 12345, .chunk_count = 2,
	.recipient_count = 3, .flags = STORE_EIGHT_BIT,
	.due_us = 1700000000000002, .attempts = 7,
	.sender = { (const unsigned char *)"a@example", 9 },
	.reason = { (const unsigned char *)"4.4.1 no answer", 15 },
	.facts = { (const unsigned char *)"client=x", 8 },
	.envid = { (const unsigned char *)"QQ314159", 8 },
};

static const struct store_recipient	one = {
	.number = 5, .status = STORE_FAILED,
	.address = { (const unsigned char *)"b@example", 9 },
	.original = { (const unsigned char *)"B@example", 9 },
	.transport = { (const unsigned char *)"slow", 4 },
	.nexthop = { (const unsigned char *)"[next.example]:24", 17 },
	.notify = RCPT_NOTIFY_SUCCESS | RCPT_NOTIFY_DELAY,
	.orcpt = { (const unsigned char *)"rfc822;B@example", 16 },
	.dsn = { (const unsigned char *)"5.1.1", 5 },
	.reply = { (const unsigned char *)"unknown", 7 },
};

static bool
is_same_recipient(const struct store_recipient *a,
    const struct store_recipient *b)
{
	return a->number == b->number && a->status == b->status &&
	    slice_equal(a->address, b->address) &&
	    slice_equal(a->original, b->original) &&
	    slice_equal(a->transport, b->transport) &&
	    slice_equal(a->nexthop, b->nexthop) &&
	    a->notify == b->notify && slice_equal(a->orcpt, b->orcpt) &&
	    slice_equal(a->dsn, b->dsn) && slice_equal(a->reply, b->reply);
}

/*
 * All shapes of a message's record: bit 0 recipients, bit 1 content, bit 2
 * without ENVID, bit 3 with a filter.
 */
static void
put_sample(struct buf *into, unsigned shape)
{
	struct record_message	record = { .message = sample };
	struct buf		list = BUF_INIT;

	if ((shape & 1) != 0) {
		record_format_inline(&list, &one);
		record_format_inline(&list, &one);
		record.has_recipients = true;
		record.count = 2;
		record.recipients = buf_slice(&list);
	}
	if ((shape & 4) != 0)
		record.message.envid.len = 0;
	if ((shape & 8) != 0)
		record.message.filter = SLICE_LIT("scan:[x]:10025");
	if ((shape & 2) != 0)
		record.content = SLICE_LIT("Subject: x\r\n\r\nbody\r\n");
	record_format_message(into, &record);
	buf_clear(&list);
}

static void
messages_come_back(void)
{
	for (unsigned shape = 0; shape < 16; shape++) {
		struct store_recipient	 recipient;
		struct record_message	 record;
		struct buf		 buf = BUF_INIT;
		const char		*why;

		put_sample(&buf, shape);
		CU_ASSERT_EQUAL(record_parse_message(buf_slice(&buf), &record,
		    &why), 0);
		CU_ASSERT_EQUAL(record.message.arrival_us, sample.arrival_us);
		CU_ASSERT_EQUAL(record.message.size, 12345);
		CU_ASSERT_EQUAL(record.message.chunk_count, 2);
		CU_ASSERT_EQUAL(record.message.recipient_count, 3);
		CU_ASSERT_EQUAL(record.message.flags, STORE_EIGHT_BIT);
		CU_ASSERT_EQUAL(record.message.due_us, sample.due_us);
		CU_ASSERT_EQUAL(record.message.attempts, 7);
		CU_ASSERT(slice_equal(record.message.sender, sample.sender));
		CU_ASSERT(slice_equal(record.message.reason, sample.reason));
		CU_ASSERT(slice_equal(record.message.facts, sample.facts));
		CU_ASSERT(slice_is(record.message.envid,
		    (shape & 4) != 0 ? "" : "QQ314159"));
		CU_ASSERT(slice_is(record.message.filter,
		    (shape & 8) != 0 ? "scan:[x]:10025" : ""));
		CU_ASSERT_EQUAL(record.has_recipients, (shape & 1) != 0);
		CU_ASSERT_EQUAL(record.content.len, (shape & 2) != 0 ? 20 : 0);
		for (uint32_t i = 0; i < record.count; i++) {
			CU_ASSERT_EQUAL(record_get_inline(&record.recipients,
			    &recipient), 0);
			CU_ASSERT(is_same_recipient(&recipient, &one));
		}
		CU_ASSERT_EQUAL(record.recipients.len, 0);
		buf_clear(&buf);
	}
}

static void
recipients_come_back(void)
{
	struct store_recipient	 recipient;
	struct buf		 buf = BUF_INIT;
	const char		*why;

	record_format_recipient(&buf, &one);
	CU_ASSERT_EQUAL(record_parse_recipient(buf_slice(&buf), &recipient,
	    &why), 0);
	recipient.number = 5;
	CU_ASSERT(is_same_recipient(&recipient, &one));
	buf_clear(&buf);
}

/* What the version before this one has written. */
static const unsigned char	old_message[] =
	"\x01\x03"				/* version, what it has */
	"\0\x06\x0a\x24\x18\x1e\x40\x01"	/* arrival */
	"\0\0\0\0\0\0\x30\x39"		/* size */
	"\0\0\0\x01" "\0\0\0\x01"		/* chunks, recipients */
	"\0\0\0\x02"				/* flags */
	"\0\x06\x0a\x24\x18\x1e\x40\x02"	/* due */
	"\0\0\0\x07"				/* attempts */
	"\0\0\0\x09" "a@example"
	"\0\0\0\x05" "4.4.1"
	"\0\0\0\x08" "client=x"
	"\0\0\0\x01"				/* recipients */
	"\0\0\0\x31" "\0\0\0\x05" "\x01"	/* bytes, number, status */
	"\0\0\0\x09" "b@example" "\0\0\0\x09" "B@example"
	"\0\0\0\x05" "5.1.1" "\0\0\0\x05" "never"
	"\0\0\0\x03" "hi\n";			/* content */

static void
old_records_are_read(void)
{
	static const unsigned char	alone[] = "\x01\0" "\0\0\0\x01r"
	    "\0\0\0\0" "\0\0\0\0" "\0\0\0\x02no";
	struct slice			value = slice_from(old_message,
	    sizeof(old_message) - 1);
	struct store_recipient		recipient;
	struct record_message		record;
	const char			*why = "";

	CU_ASSERT_EQUAL_FATAL(record_parse_message(value, &record, &why), 0);
	CU_ASSERT_EQUAL(record.message.size, 12345);
	CU_ASSERT_EQUAL(record.message.attempts, 7);
	CU_ASSERT(slice_is(record.message.sender, "a@example"));
	CU_ASSERT(slice_is(record.message.facts, "client=x"));
	CU_ASSERT_EQUAL(record.message.envid.len, 0);
	CU_ASSERT_EQUAL(record.message.filter.len, 0);
	CU_ASSERT(slice_is(record.content, "hi\n"));
	CU_ASSERT_EQUAL_FATAL(record_get_inline(&record.recipients,
	    &recipient), 0);
	CU_ASSERT_EQUAL(recipient.number, 5);
	CU_ASSERT_EQUAL(recipient.status, STORE_FAILED);
	CU_ASSERT_EQUAL(recipient.notify, 0);
	CU_ASSERT_EQUAL(recipient.orcpt.len, 0);
	CU_ASSERT_EQUAL(recipient.transport.len, 0);
	CU_ASSERT(slice_is(recipient.reply, "never"));
	CU_ASSERT_EQUAL(record_parse_recipient(slice_from(alone,
	    sizeof(alone) - 1), &recipient, &why), 0);
	CU_ASSERT(slice_is(recipient.address, "r"));
	CU_ASSERT(slice_is(recipient.reply, "no"));
}

/* A version that is to come, and bits of NOTIFY that there are not. */
static void
strange_records_are_refused(void)
{
	struct store_recipient	 recipient;
	struct record_message	 record;
	struct buf		 buf = BUF_INIT;
	const char		*why;

	put_sample(&buf, 0);
	buf.data[buf.start] = 5;
	CU_ASSERT_EQUAL(record_parse_message(buf_slice(&buf), &record, &why),
	    -1);
	CU_ASSERT_STRING_EQUAL(why, "its version is unknown");
	buf_empty(&buf);
	record_format_recipient(&buf, &one);
	buf.data[buf.start + 2] = 16;
	CU_ASSERT_EQUAL(record_parse_recipient(buf_slice(&buf), &recipient,
	    &why), -1);
	buf_clear(&buf);
}

/* One of the six kinds of value, told from what is parsed by number. */
static void
put_kind(struct buf *into, unsigned kind)
{
	unsigned char	head[RECORD_CHUNK_HEAD];

	if (kind < 4)
		put_sample(into, kind);
	else if (kind == 4)
		record_format_recipient(into, &one);
	else if (kind == 5)
		record_format_number(into, 77);
	else {
		record_format_chunk_head(head, 10);
		buf_put(into, head, sizeof(head));
		buf_put_str(into, "0123456789");
	}
}

static int
parse_kind(unsigned kind, struct slice value)
{
	struct store_recipient	 recipient;
	struct record_message	 record;
	struct slice		 bytes;
	const char		*why = NULL;
	uint64_t		 number;
	int			 result;

	if (kind < 4)
		result = record_parse_message(value, &record, &why);
	else if (kind == 4)
		result = record_parse_recipient(value, &recipient, &why);
	else if (kind == 5)
		return record_parse_number(value, &number);
	else
		result = record_parse_chunk(value, &bytes, &why);
	if (result < 0)
		CU_ASSERT_PTR_NOT_NULL(why);
	return result;
}

#define KINDS	7

static void
cut_records_are_refused(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct buf	buf = BUF_INIT;

		put_kind(&buf, kind);
		CU_ASSERT_EQUAL(parse_kind(kind, buf_slice(&buf)), 0);
		for (size_t len = 0; len < buf.len; len++) {
			/* An exact copy: the sanitizer sees one byte more. */
			unsigned char	*copy = mem_copy(buf.data, len);

			CU_ASSERT_EQUAL(parse_kind(kind, slice_from(copy,
			    len)), -1);
			mem_free(copy);
		}
		buf_put_u8(&buf, 0);
		CU_ASSERT_EQUAL(parse_kind(kind, buf_slice(&buf)), -1);
		buf_clear(&buf);
	}
}

static void
noise_is_harmless(void)
{
	unsigned	seed = 4711;

	for (int round = 0; round < 200000; round++) {
		unsigned	 kind = (unsigned)round % KINDS;
		struct buf	 buf = BUF_INIT;
		unsigned char	*copy;
		size_t		 len;

		put_kind(&buf, kind);
		copy = mem_copy(buf.data, buf.len);
		len = buf.len;
		if (round % 2 == 0)
			len = (size_t)rand_r(&seed) % (len + 1);
		for (int i = 0; i < 1 + round % 5; i++)
			if (len > 0)
				copy[(size_t)rand_r(&seed) % len] =
				    (unsigned char)rand_r(&seed);
		if (round % 7 == 0)
			for (size_t i = 1; i < len; i++)
				copy[i] = (unsigned char)rand_r(&seed);
		parse_kind(kind, slice_from(copy, len));
		mem_free(copy);
		buf_clear(&buf);
	}
}

static void
keys(void)
{
	struct record_key	key = record_key_part(0x0102030405060708, 9);
	struct store_due	due;
	uint64_t		id;
	uint32_t		number;

	CU_ASSERT_EQUAL(record_parse_part(record_key_slice(&key), &id,
	    &number), 0);
	CU_ASSERT_EQUAL(id, 0x0102030405060708);
	CU_ASSERT_EQUAL(number, 9);
	CU_ASSERT_EQUAL(memcmp(key.data, "\1\2\3\4\5\6\7\10\0\0\0\11", 12), 0);
	CU_ASSERT_EQUAL(record_parse_id(record_key_slice(&key), &id), -1);
	key = record_key_due(11, 12);
	CU_ASSERT_EQUAL(record_parse_due(record_key_slice(&key), &due), 0);
	CU_ASSERT(due.due_us == 11 && due.id == 12);
	CU_ASSERT_EQUAL(record_parse_arriving(record_key_slice(&key), &id),
	    -1);
	key = record_key_arriving(13);
	CU_ASSERT_EQUAL(record_parse_arriving(record_key_slice(&key), &id),
	    0);
	CU_ASSERT_EQUAL(id, 13);
	key = record_key_id(14);
	CU_ASSERT_EQUAL(record_parse_id(record_key_slice(&key), &id), 0);
	CU_ASSERT_EQUAL(id, 14);
}

void	record_test(void);

void
record_test(void)
{
	CU_pSuite	suite = CU_add_suite("record", NULL, NULL);

	CU_add_test(suite, "messages come back", messages_come_back);
	CU_add_test(suite, "recipients come back", recipients_come_back);
	CU_add_test(suite, "old records are read", old_records_are_read);
	CU_add_test(suite, "strange records are refused",
	    strange_records_are_refused);
	CU_add_test(suite, "cut records are refused",
	    cut_records_are_refused);
	CU_add_test(suite, "noise is harmless", noise_is_harmless);
	CU_add_test(suite, "keys", keys);
}
