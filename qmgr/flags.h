#ifndef QMGR_FLAGS_H
#define QMGR_FLAGS_H

/*
 * Flags of a message: between programs (MAIL_* of mail/ipc.h) and on the
 * disk (STORE_* of qmgr/store.h), where a number never changes its meaning.
 */

#include <stdint.h>

/* What has no counterpart on the other side is left out. */
uint32_t	flags_from_mail(uint32_t mail);
uint32_t	flags_to_mail(uint32_t store);

#endif
