#include "net/tls_protocol.h"

#include <CUnit/CUnit.h>

static void
protocols_are(const char *list, int min, int max, unsigned excluded)
{
	struct tls_protocols	p;
	struct buf		why = BUF_INIT;

	CU_ASSERT_EQUAL(tls_protocol_parse(list, &p, &why), 0);
	CU_ASSERT_EQUAL(p.min, min);
	CU_ASSERT_EQUAL(p.max, max);
	CU_ASSERT_EQUAL(p.excluded, excluded);
	CU_ASSERT_EQUAL(why.len, 0);
}

static void
protocols(void)
{
	static const char *const	bad[] = { "TLSv1.4", ">=", "!", "<=x",
					    "<=SSLv2", ">>TLSv1",
					    "!SSLv3 !TLSv1 !TLSv1.1 !TLSv1.2 "
					    "!TLSv1.3" };
	struct tls_protocols		p;
	struct buf			why = BUF_INIT;

	protocols_are("", 0, 0, 0);
	protocols_are(">=TLSv1.2", 0x303, 0, 0);
	protocols_are(">=tlsv1, <=TLSv1.2", 0x301, 0x303, 0);
	protocols_are("!SSLv2:!SSLv3", 0, 0, 1);
	protocols_are("!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", 0, 0, 7);
	protocols_are("TLSv1.2 TLSv1.3", 0, 0, 7);
	protocols_are("TLSv1.2,TLSv1.3,!TLSv1.3", 0, 0, 0x17);
	protocols_are(">=SSLv2", 0, 0, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_empty(&why);
		CU_ASSERT_EQUAL(tls_protocol_parse(bad[i], &p, &why), -1);
		CU_ASSERT(why.len > 0);
	}
	buf_clear(&why);
}

static void
ciphers(void)
{
	static const struct tls_grades	grades = { "HIGH", "HIGH:MEDIUM",
	    "eNULL" };
	struct buf			list = BUF_INIT;

	CU_ASSERT_EQUAL(tls_protocol_ciphers(&grades, "high", "", &list), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&list), "HIGH");
	buf_empty(&list);
	CU_ASSERT_EQUAL(tls_protocol_ciphers(&grades, "Medium",
	    "aNULL, MD5:RC4", &list), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&list), "HIGH:MEDIUM:!aNULL:!MD5:!RC4");
	CU_ASSERT_EQUAL(tls_protocol_ciphers(&grades, "best", "", &list), -1);
	buf_clear(&list);
}

void	tls_protocol_test(void);

void
tls_protocol_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_protocol", NULL, NULL);

	CU_add_test(suite, "protocols", protocols);
	CU_add_test(suite, "ciphers", ciphers);
}
