#include "qmgr/flags.h"

#include <CUnit/CUnit.h>

#include "mail/ipc.h"
#include "qmgr/store.h"

static void
all_come_back(void)
{
	for (uint32_t mail = 0; mail < 64; mail++)
		CU_ASSERT_EQUAL(flags_to_mail(flags_from_mail(mail)), mail);
	CU_ASSERT_EQUAL(flags_from_mail(MAIL_UTF8 | MAIL_RET_HDRS),
	    STORE_UTF8 | STORE_RET_HDRS);
}

static void
strange_ones_do_not(void)
{
	CU_ASSERT_EQUAL(flags_from_mail(0xffffffc0), 0);
	CU_ASSERT_EQUAL(flags_to_mail(STORE_HELD), 0);
}

void	flags_test(void);

void
flags_test(void)
{
	CU_pSuite	suite = CU_add_suite("flags", NULL, NULL);

	CU_add_test(suite, "all come back", all_come_back);
	CU_add_test(suite, "strange ones do not", strange_ones_do_not);
}
