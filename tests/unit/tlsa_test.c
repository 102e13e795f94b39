#include "net/tlsa.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "util/buf.h"

/* How many of these records are of use: header bytes, length of data. */
static const struct {
	unsigned char	usage, selector, matching;
	size_t		len;
	size_t		count;
} cases[] = {
	{ 3, 1, 1, 32, 1 }, { 3, 0, 1, 32, 1 }, { 2, 0, 1, 32, 1 },
	{ 2, 1, 2, 64, 1 }, { 3, 1, 0, 91, 1 }, { 2, 0, 0, 700, 1 },
	/* RFC 7672 section 3.1.3 */
	{ 0, 1, 1, 32, 0 }, { 1, 1, 1, 32, 0 },
	{ 4, 1, 1, 32, 0 }, { 255, 1, 1, 32, 0 }, { 3, 2, 1, 32, 0 },
	{ 3, 1, 3, 32, 0 }, { 3, 1, 1, 31, 0 }, { 3, 1, 1, 64, 0 },
	{ 3, 1, 2, 32, 0 }, { 3, 1, 1, 0, 0 },
};

static void
keeps_what_is_usable(void)
{
	struct buf	record = BUF_INIT;
	struct tlsa	tlsa = { .count = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_empty(&record);
		buf_put_u8(&record, cases[i].usage);
		buf_put_u8(&record, cases[i].selector);
		buf_put_u8(&record, cases[i].matching);
		for (size_t n = 0; n < cases[i].len; n++)
			buf_put_u8(&record, (uint8_t)n);
		tlsa_add(&tlsa, buf_slice(&record));
		CU_ASSERT_EQUAL(tlsa.count, cases[i].count);
		if (tlsa.count == 1) {
			CU_ASSERT_EQUAL(tlsa.records[0].usage,
			    cases[i].usage);
			CU_ASSERT_EQUAL(tlsa.records[0].data.len,
			    cases[i].len);
			CU_ASSERT_EQUAL(tlsa.records[0].data.data[1], 1);
		}
		tlsa_clear(&tlsa);
	}
	tlsa_add(&tlsa, slice_from("\3\1", 2));
	CU_ASSERT_EQUAL(tlsa.count, 0);
	buf_clear(&record);
}

static void
check_pem(const char *pem, int result, size_t count)
{
	struct tlsa	tlsa = { .count = 0 };

	CU_ASSERT_EQUAL(tlsa_add_pem(&tlsa, slice_str(pem)), result);
	CU_ASSERT_EQUAL(tlsa.count, count);
	tlsa_clear(&tlsa);
}

#define CERT	"-----BEGIN CERTIFICATE-----\nQUJD\n REVG\r\n" \
		"-----END CERTIFICATE-----\n"
#define KEY	"-----BEGIN PUBLIC KEY-----\nR0hJ\n-----END PUBLIC KEY-----\n"

static void
reads_pem(void)
{
	struct tlsa	tlsa = { .count = 0 };

	CU_ASSERT_EQUAL(tlsa_add_pem(&tlsa, slice_str("a word\n" CERT KEY)),
	    0);
	CU_ASSERT_EQUAL_FATAL(tlsa.count, 2);
	CU_ASSERT_EQUAL(tlsa.records[0].usage, 2);
	CU_ASSERT_EQUAL(tlsa.records[0].selector, 0);
	CU_ASSERT_EQUAL(tlsa.records[0].matching, 0);
	CU_ASSERT_TRUE(slice_is(tlsa.records[0].data, "ABCDEF"));
	CU_ASSERT_EQUAL(tlsa.records[1].selector, 1);
	CU_ASSERT_TRUE(slice_is(tlsa.records[1].data, "GHI"));
	tlsa_clear(&tlsa);
	check_pem("", -1, 0);
	check_pem("nothing\n", -1, 0);
	check_pem(CERT "-----BEGIN CERTIFICATE-----\nQUJD\n", -1, 1);
	check_pem("-----BEGIN CERTIFICATE-----\n?\n"
	    "-----END CERTIFICATE-----\n", -1, 0);
	check_pem("-----BEGIN PRIVATE KEY-----\nQUJD\n"
	    "-----END PRIVATE KEY-----\n", -1, 0);
}

void	tlsa_test(void);

void
tlsa_test(void)
{
	CU_pSuite	suite = CU_add_suite("tlsa", NULL, NULL);

	CU_add_test(suite, "usable", keeps_what_is_usable);
	CU_add_test(suite, "pem", reads_pem);
}
