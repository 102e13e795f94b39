#ifndef MAIL_TABLE_WIRE_H
#define MAIL_TABLE_WIRE_H

/*
 * What tcp: and socketmap: tables say to servers, and what these answer.
 * No I/O.
 */

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

/* Bytes of the longest reply of either protocol, without its frame. */
#define TABLE_WIRE_LINE_LIMIT		4096
#define TABLE_WIRE_NETSTRING_LIMIT	100000

/*
 * A reply off the front of from, without its frame: 1; 0 when more bytes
 * are needed; -1 when these are no reply, or too long a one.
 */
typedef int (*table_wire_get_fn)(struct slice *from, struct slice *reply_r);

int		 table_wire_get_line(struct slice *from,
		    struct slice *reply_r);
int		 table_wire_get_netstring(struct slice *from,
		    struct slice *reply_r);

/* Append "get key" and a newline, or "name key" as a netstring. */
void		 table_wire_put_line(struct buf *into, struct slice key);
void		 table_wire_put_netstring(struct buf *into, const char *name,
		    struct slice key);

/* What a reply means; its value or reason is appended. */
enum table_answer table_wire_answer_line(struct slice reply,
		    struct buf *value);
enum table_answer table_wire_answer_netstring(struct slice reply,
		    struct buf *value);

#endif
