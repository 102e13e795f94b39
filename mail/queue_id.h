#ifndef MAIL_QUEUE_ID_H
#define MAIL_QUEUE_ID_H

/*
 * Queue ids: 8 bytes that grow with time and are never used again.
 *
 *	microseconds since 1970 (52 bits) | slot of the cleanup (12 bits)
 *
 * As text they have the shape of Postfix's long ids, so that log tools
 * match them: seconds in base 52 (at least 6 digits), microseconds in base
 * 52 (4 digits), 'z', the slot in base 51.  The digits are 0-9 and the
 * consonants; 'z' is no digit of the last part.
 */

#include <stdint.h>

#include "util/slice.h"

#define QUEUE_ID_SLOTS		4096
#define QUEUE_ID_TEXT_SIZE	24	/* with the NUL */

uint64_t	 queue_id_make(uint64_t time_us, uint32_t slot);
uint64_t	 queue_id_time_us(uint64_t id);

/* text has QUEUE_ID_TEXT_SIZE bytes; returns text. */
const char	*queue_id_format(uint64_t id, char *text);

/* 0, or -1 when it is no id. */
int		 queue_id_parse(struct slice text, uint64_t *id_r);

#endif
