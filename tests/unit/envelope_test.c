#include "smtp/envelope.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "smtp/job.h"
#include "smtp/wire.h"
#include "util/buf.h"
#include "util/mem.h"

static void
check(bool has_dsn, const char *original, const char *orcpt,
    const char *want)
{
	char		r[] = "r@b";
	struct buf	out = BUF_INIT;
	struct wire	wire = { .out = &out, .offer.has_dsn = has_dsn };
	struct job_rcpt	rcpt = { .address = r };

	rcpt.original = mem_strdup(original);
	rcpt.orcpt = mem_strdup(orcpt);
	envelope_put_rcpt(&wire, &rcpt);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
	mem_free(rcpt.original);
	mem_free(rcpt.orcpt);
	buf_clear(&out);
}

/* RFC 3461 section 5.2.1 (d). */
static void
tells_the_original(void)
{
	char	*longest = mem_printf("%0491d@b", 0);
	char	*too_long = mem_printf("%0492d@b", 0);
	char	*want = mem_printf("RCPT TO:<r@b> ORCPT=rfc822;%s\r\n",
		    longest);

	check(true, "o+x@b", "", "RCPT TO:<r@b> ORCPT=rfc822;o+2Bx@b\r\n");
	check(true, "o@b", "rfc822;p@b",
	    "RCPT TO:<r@b> ORCPT=rfc822;p@b\r\n");
	check(true, "", "", "RCPT TO:<r@b>\r\n");
	check(false, "o@b", "", "RCPT TO:<r@b>\r\n");
	check(true, "\303\251@b", "", "RCPT TO:<r@b>\r\n");
	check(true, longest, "", want);
	check(true, too_long, "", "RCPT TO:<r@b>\r\n");
	mem_free(longest);
	mem_free(too_long);
	mem_free(want);
}

void	envelope_test(void);

void
envelope_test(void)
{
	CU_pSuite	suite = CU_add_suite("envelope", NULL, NULL);

	CU_add_test(suite, "tells the original", tells_the_original);
}
