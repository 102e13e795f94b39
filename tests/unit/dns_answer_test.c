#include "net/dns_answer.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/mem.h"

#define OK_FLAGS	0x8180
#define QUESTION	"\1d\7example\0"	/* at 12; "example" at 14 */

static const unsigned char	ip4[] = { 192, 0, 2, 1 };

/* The header and the question; count records are to follow. */
static void
begin(struct buf *packet, unsigned flags, size_t count)
{
	buf_put_u16(packet, 7);
	buf_put_u16(packet, (uint16_t)flags);
	buf_put_u16(packet, 1);
	buf_put_u16(packet, (uint16_t)count);
	buf_put_u32(packet, 0);
	buf_put(packet, QUESTION, sizeof(QUESTION) - 1);
	buf_put_u16(packet, DNS_MX);
	buf_put_u16(packet, 1);
}

static void
put_record(struct buf *packet, unsigned type, uint32_t ttl, const void *data,
    size_t len)
{
	buf_put_u16(packet, 0xc00c);
	buf_put_u16(packet, (uint16_t)type);
	buf_put_u16(packet, 1);
	buf_put_u32(packet, ttl);
	buf_put_u16(packet, (uint16_t)len);
	buf_put(packet, data, len);
}

/* name is in wire format, without the last NUL when it ends in a pointer. */
static void
put_mx(struct buf *packet, uint16_t preference, const char *name, size_t len)
{
	struct buf	data = BUF_INIT;

	buf_put_u16(&data, preference);
	buf_put(&data, name, len);
	put_record(packet, DNS_MX, 300, data.data, data.len);
	buf_clear(&data);
}

#define PUT_MX(packet, preference, name) \
	put_mx((packet), (preference), name, sizeof(name) - 1)

/* The status; the packet is emptied, the answer the caller's. */
static enum dns_status
parse(struct buf *packet, enum dns_type type, struct dns_answer *answer_r)
{
	dns_answer_parse(buf_slice(packet), type, answer_r);
	buf_clear(packet);
	CU_ASSERT((answer_r->status == DNS_OK) == (answer_r->why == NULL));
	CU_ASSERT((answer_r->status == DNS_OK) == (answer_r->count > 0));
	return answer_r->status;
}

static void
wholes(void)
{
	struct buf		packet = BUF_INIT;
	struct dns_answer	answer;
	char			text[ADDR_TEXT_SIZE];

	begin(&packet, OK_FLAGS, 3);
	put_record(&packet, 5, 60, "\1m\xc0\x0e", 4);
	PUT_MX(&packet, 20, "\2mx\xc0\x0e");
	PUT_MX(&packet, 10, "\3mx2\4test\0");
	CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer), DNS_OK);
	CU_ASSERT_EQUAL_FATAL(answer.count, 2);
	CU_ASSERT_STRING_EQUAL(answer.records[0].name, "mx.example");
	CU_ASSERT_EQUAL(answer.records[0].preference, 20);
	CU_ASSERT_STRING_EQUAL(answer.records[1].name, "mx2.test");
	CU_ASSERT_EQUAL(answer.ttl_s, 60);
	dns_answer_clear(&answer);

	begin(&packet, OK_FLAGS, 1);
	put_record(&packet, DNS_A, 4000000000, ip4, 4);
	CU_ASSERT_EQUAL(parse(&packet, DNS_A, &answer), DNS_OK);
	CU_ASSERT_STRING_EQUAL(addr_format_ip(&answer.records[0].addr, text),
	    "192.0.2.1");
	CU_ASSERT_EQUAL(answer.ttl_s, DNS_TTL_LIMIT);
	dns_answer_clear(&answer);

	begin(&packet, OK_FLAGS, 1);
	PUT_MX(&packet, 0, "\0");
	CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer), DNS_OK);
	CU_ASSERT_STRING_EQUAL(answer.records[0].name, "");
	dns_answer_clear(&answer);
}

/* What a record of that type with that data says; NULL: it is bad. */
static void
check_text(enum dns_type type, const char *data, size_t len,
    const char *want)
{
	struct buf		packet = BUF_INIT;
	struct dns_answer	answer, copy;

	begin(&packet, OK_FLAGS, 1);
	put_record(&packet, type, 300, data, len);
	CU_ASSERT_EQUAL(parse(&packet, type, &answer),
	    want == NULL ? DNS_TROUBLE : DNS_OK);
	dns_answer_copy(&answer, &copy);
	dns_answer_clear(&answer);
	if (want != NULL)
		CU_ASSERT_STRING_EQUAL(type == DNS_TXT ?
		    copy.records[0].text : copy.records[0].name, want);
	dns_answer_clear(&copy);
}

#define CHECK_TEXT(type, data, want) \
	check_text((type), data, sizeof(data) - 1, want)

static void
texts(void)
{
	char	much[5 * 256], want[DNS_TEXT_LIMIT + 1] = "";

	CHECK_TEXT(DNS_TXT, "\5hello", "hello");
	CHECK_TEXT(DNS_TXT, "\0", "");
	CHECK_TEXT(DNS_TXT, "\3one\0\4 two", "one two");
	CHECK_TEXT(DNS_TXT, "\5a\n\0\377b", "a???b");
	CHECK_TEXT(DNS_TXT, "\6hello", NULL);
	CHECK_TEXT(DNS_TXT, "\5hello\1", NULL);
	CHECK_TEXT(DNS_TXT, "", NULL);
	memset(much, 'x', sizeof(much));
	for (size_t i = 0; i < sizeof(much); i += 256)
		much[i] = '\377';
	memset(want, 'x', DNS_TEXT_LIMIT);
	check_text(DNS_TXT, much, sizeof(much), want);
	CHECK_TEXT(DNS_PTR, "\2mx\xc0\x0e", "mx.example");
	CHECK_TEXT(DNS_NS, "\2ns\4test\0", "ns.test");
	CHECK_TEXT(DNS_PTR, "\0", NULL);
	CHECK_TEXT(DNS_PTR, "\3a b\0", NULL);
	CHECK_TEXT(DNS_NS, "\2ns\4test", NULL);
	CHECK_TEXT(DNS_NS, "\2ns\4test\0\0", NULL);
	CHECK_TEXT(DNS_NS, "", NULL);
}

/* RFC 6698 section 2.1, and whose the records are (through a CNAME). */
static void
tlsa(void)
{
	struct buf		packet = BUF_INIT;
	struct dns_answer	answer, copy;

	begin(&packet, OK_FLAGS, 2);
	put_record(&packet, DNS_CNAME, 60, "\1m\xc0\x0e", 4);
	/* the owner of the second one is the target of the first */
	buf_put(&packet, "\1m\xc0\x0e", 4);
	buf_put(&packet, "\0\x34\0\1\0\0\0\x3c\0\5\3\1\1ab", 15);
	CU_ASSERT_EQUAL(parse(&packet, DNS_TLSA, &answer), DNS_OK);
	dns_answer_copy(&answer, &copy);
	dns_answer_clear(&answer);
	CU_ASSERT_EQUAL_FATAL(copy.count, 1);
	CU_ASSERT_EQUAL(copy.records[0].len, 5);
	CU_ASSERT_EQUAL(memcmp(copy.records[0].data, "\3\1\1ab", 5), 0);
	CU_ASSERT_STRING_EQUAL(copy.owner, "m.example");
	CU_ASSERT_FALSE(copy.is_secure);
	dns_answer_clear(&copy);

	begin(&packet, OK_FLAGS, 1);
	put_record(&packet, DNS_TLSA, 60, "\3\1\1", 3);
	CU_ASSERT_EQUAL(parse(&packet, DNS_TLSA, &answer), DNS_TROUBLE);
	dns_answer_clear(&answer);
}

static void
statuses(void)
{
	static const struct {
		unsigned	flags;
		enum dns_status	status;
	} cases[] = {
		{ OK_FLAGS, DNS_NO_DATA }, { OK_FLAGS | 3, DNS_NO_NAME },
		{ OK_FLAGS | 1, DNS_TROUBLE }, { OK_FLAGS | 2, DNS_TROUBLE },
		{ OK_FLAGS | 5, DNS_TROUBLE },
		{ OK_FLAGS | 0x200, DNS_TROUBLE },	/* cut */
		{ 0x0180, DNS_TROUBLE },		/* a question */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf		packet = BUF_INIT;
		struct dns_answer	answer;

		begin(&packet, cases[i].flags, 0);
		CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer),
		    cases[i].status);
		dns_answer_clear(&answer);
	}
}

/* A bad record alone is trouble, beside a good one it is left out. */
static void
check_bad(const char *name, size_t len)
{
	struct buf		packet = BUF_INIT;
	struct dns_answer	answer;

	begin(&packet, OK_FLAGS, 1);
	put_mx(&packet, 10, name, len);
	CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer), DNS_TROUBLE);
	CU_ASSERT_STRING_EQUAL(answer.why,
	    "Malformed or unexpected name server reply");
	dns_answer_clear(&answer);

	begin(&packet, OK_FLAGS, 2);
	put_mx(&packet, 10, name, len);
	PUT_MX(&packet, 10, "\2mx\xc0\x0e");
	CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer), DNS_OK);
	CU_ASSERT_EQUAL_FATAL(answer.count, 1);
	CU_ASSERT_STRING_EQUAL(answer.records[0].name, "mx.example");
	dns_answer_clear(&answer);
}

#define CHECK_BAD(name)	check_bad(name, sizeof(name) - 1)

static void
bad_names(void)
{
	char	label[66] = "\77";

	CHECK_BAD("");			/* no name at all */
	CHECK_BAD("\2mx");		/* goes on behind its record */
	CHECK_BAD("\2mx\xc0");
	CHECK_BAD("\2mx\0more");
	CHECK_BAD("\2mx\xc0\x0e.");
	CHECK_BAD("\11mx");		/* its label, too */
	CHECK_BAD("\xc0\xff");		/* points behind the packet */
	CHECK_BAD("\xc0\x2a");		/* at itself, or on */
	CHECK_BAD("\100mx\0");		/* a label of an unknown kind */
	CHECK_BAD("\3m x\0");
	CHECK_BAD("\3m.x\0");
	CHECK_BAD("\3m\0x\0");
	CHECK_BAD("\3m\nx\0");
	CHECK_BAD("\3m[x\0");
	CHECK_BAD("\3m\xffx\0");
	/* Four labels of 63 are more than a name may have. */
	memset(label + 1, 'a', 63);
	{
		char	name[4 * 64 + 1] = "";

		for (size_t i = 0; i < 4; i++)
			memcpy(name + i * 64, label, 64);
		check_bad(name, sizeof(name));
	}
}

static void
bad_lengths(void)
{
	static const size_t	lengths[] = { 0, 3, 5, 15, 17 };
	unsigned char		data[17] = { 0 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			enum dns_type		type = v6 ? DNS_AAAA : DNS_A;
			struct buf		packet = BUF_INIT;
			struct dns_answer	answer;

			begin(&packet, OK_FLAGS, 1);
			put_record(&packet, type, 1, data, lengths[i]);
			CU_ASSERT_EQUAL(parse(&packet, type, &answer),
			    DNS_TROUBLE);
			dns_answer_clear(&answer);
		}
}

static void
many(void)
{
	struct buf		packet = BUF_INIT;
	struct dns_answer	answer;

	begin(&packet, OK_FLAGS, 150);
	for (int i = 0; i < 150; i++)
		PUT_MX(&packet, 10, "\2mx\xc0\x0e");
	CU_ASSERT_EQUAL(parse(&packet, DNS_MX, &answer), DNS_OK);
	CU_ASSERT_EQUAL(answer.count, DNS_RECORD_LIMIT);
	CU_ASSERT_TRUE(answer.is_cut);
	dns_answer_clear(&answer);
}

/* In a block of its very size, so that a checker sees the byte behind it. */
static enum dns_status
parse_exactly(const unsigned char *data, size_t len, enum dns_type type)
{
	unsigned char		*copy = mem_copy(data, len);
	struct dns_answer	 answer;
	enum dns_status		 status;

	dns_answer_parse(slice_from(copy, len), type, &answer);
	status = answer.status;
	CU_ASSERT((status == DNS_OK) == (answer.count > 0));
	dns_answer_clear(&answer);
	mem_free(copy);
	return status;
}

/* Whatever is missing, it is never "no data". */
static void
cuts(void)
{
	struct buf	packet = BUF_INIT;

	begin(&packet, OK_FLAGS, 3);
	PUT_MX(&packet, 10, "\2mx\xc0\x0e");
	put_record(&packet, DNS_A, 1, ip4, 4);
	PUT_MX(&packet, 20, "\3mx2\4test\0");
	CU_ASSERT_EQUAL(parse_exactly(packet.data, packet.len, DNS_MX),
	    DNS_OK);
	for (size_t len = 0; len < packet.len; len++)
		CU_ASSERT_EQUAL(parse_exactly(packet.data, len, DNS_MX),
		    DNS_TROUBLE);
	buf_clear(&packet);
}

static void
garbage(void)
{
	static const enum dns_type	types[] = {
		DNS_A, DNS_AAAA, DNS_MX, DNS_NS, DNS_PTR, DNS_TXT
	};
	size_t				count = sizeof(types) / sizeof(*types);
	struct buf			packet = BUF_INIT;
	unsigned			seed = 1;

	begin(&packet, OK_FLAGS, 2);
	PUT_MX(&packet, 10, "\2mx\xc0\x0e");
	PUT_MX(&packet, 20, "\3mx2\4test\0");
	for (int i = 0; i < 100000; i++) {
		unsigned char	copy[128];

		memcpy(copy, packet.data, packet.len);
		for (int n = rand_r(&seed) % 6; n >= 0; n--)
			copy[(size_t)rand_r(&seed) % packet.len] =
			    (unsigned char)rand_r(&seed);
		parse_exactly(copy, packet.len, types[(size_t)i % count]);
	}
	buf_clear(&packet);
}

void	dns_answer_test(void);

void
dns_answer_test(void)
{
	CU_pSuite	suite = CU_add_suite("dns_answer", NULL, NULL);

	CU_add_test(suite, "whole packets", wholes);
	CU_add_test(suite, "texts and other names", texts);
	CU_add_test(suite, "TLSA, and whose it is", tlsa);
	CU_add_test(suite, "what a packet says without records", statuses);
	CU_add_test(suite, "names that are none", bad_names);
	CU_add_test(suite, "addresses of a wrong length", bad_lengths);
	CU_add_test(suite, "more records than are looked at", many);
	CU_add_test(suite, "a packet cut anywhere", cuts);
	CU_add_test(suite, "a packet with random bytes", garbage);
}
