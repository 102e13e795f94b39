#ifndef QMGR_RECORD_H
#define QMGR_RECORD_H

/*
 * The bytes of the queue's records: what a key and a value look like on
 * the disk (doc/queue.md).  Every value starts with a version byte, every
 * run of bytes with its length, integers are big-endian; what is read back
 * is checked as if a stranger had written it.
 *
 * Three places may hold the recipients and the content of a message: its
 * own record (few recipients; content of one chunk, until the record is
 * first rewritten), or the tables recipient and content.
 */

#include <stdbool.h>
#include <stdint.h>

#include "qmgr/store.h"
#include "util/buf.h"
#include "util/slice.h"

/* Recipients of at most so many bytes stay in the message's record. */
#define RECORD_INLINE_MAX	1024

struct record_key {
	unsigned char	 data[16];
	size_t		 len;
};

/* A message's record, taken apart; the slices are borrowed from it. */
struct record_message {
	struct store_message	 message;
	bool			 has_recipients; /* all that are left */
	uint32_t		 count;		/* of those */
	struct slice		 recipients;	/* still encoded */
	struct slice		 content;	/* chunk 0, or empty */
};

struct record_key record_key_id(uint64_t id);
struct record_key record_key_part(uint64_t id, uint32_t number);
struct record_key record_key_due(uint64_t due_us, uint64_t id);
struct record_key record_key_arriving(uint64_t id);
struct slice	  record_key_slice(const struct record_key *key);

/* 0, or -1 when these bytes are no such key. */
int	record_parse_id(struct slice key, uint64_t *id_r);
int	record_parse_part(struct slice key, uint64_t *id_r,
	    uint32_t *number_r);
int	record_parse_due(struct slice key, struct store_due *due_r);
int	record_parse_arriving(struct slice key, uint64_t *id_r);

/* Append a value. */
void	record_format_message(struct buf *into,
	    const struct record_message *record);
void	record_format_recipient(struct buf *into,
	    const struct store_recipient *recipient);
void	record_format_number(struct buf *into, uint64_t number);

/* As it stands among a message's recipients: with its number. */
void	record_format_inline(struct buf *into,
	    const struct store_recipient *recipient);

/* What comes before the bytes of a chunk. */
#define RECORD_CHUNK_HEAD	5
void	record_format_chunk_head(unsigned char *into, uint32_t len);

/*
 * Take a value apart: 0, or -1 and the reason.  The message's id is not in
 * its record: the caller sets it.  record_parse_message has seen that each
 * inline recipient can be parsed.
 */
int	record_parse_message(struct slice value,
	    struct record_message *record_r, const char **why_r);
int	record_parse_recipient(struct slice value,
	    struct store_recipient *recipient_r, const char **why_r);
int	record_parse_chunk(struct slice value, struct slice *bytes_r,
	    const char **why_r);
int	record_parse_number(struct slice value, uint64_t *number_r);

/* The next inline recipient off the front: 0, or -1 and not moved. */
int	record_get_inline(struct slice *from,
	    struct store_recipient *recipient_r);

#endif
