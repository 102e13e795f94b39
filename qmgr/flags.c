/*
 * Flags of a message.
 */

#include "qmgr/flags.h"

#include <stddef.h>

#include "mail/ipc.h"
#include "qmgr/store.h"
#include "qmgr/verp.h"

static const struct {
	uint32_t	mail;
	uint32_t	store;
} pairs[] = {
	{ MAIL_EIGHT_BIT, STORE_EIGHT_BIT },
	{ MAIL_LOCAL, STORE_LOCAL },
	{ MAIL_BINARY, STORE_BINARY },
	{ MAIL_UTF8, STORE_UTF8 },
	{ MAIL_RET_FULL, STORE_RET_FULL },
	{ MAIL_RET_HDRS, STORE_RET_HDRS },
};

uint32_t
flags_from_mail(uint32_t mail)
{
	uint32_t	store = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (mail & pairs[i].mail)
			store |= pairs[i].store;
	/* Two characters, on both sides in the same place. */
	return store | (verp_is_good(mail) ? mail & MAIL_VERP : 0);
}

uint32_t
flags_to_mail(uint32_t store)
{
	uint32_t	mail = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (store & pairs[i].store)
			mail |= pairs[i].mail;
	return mail | (store & MAIL_VERP);
}
