#ifndef CLEANUP_FIXUP_H
#define CLEANUP_FIXUP_H

/*
 * The content of a message, made whole on its way: a Received: header in
 * front, missing headers at the end of the header section, hop count,
 * header limits, no stray CR or LF.  Content goes through in constant
 * memory: a header line is held until it ends, the body not at all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct buf;
struct conf;
struct fixup;

struct fixup_client {
	char	*name;		/* "": it was made here */
	char	*addr;
	char	*helo;		/* "" when none was given */
	char	*proto;
	char	*with;		/* ESMTPS and the like */
	char	*tls_cipher;	/* NULL: nothing is told of TLS */
	char	*tls_keys;	/* "": none */
	char	*tls_client;
	char	*login;		/* "": not to be told, or none */
};

/*
 * The whole field, of the message's own header: it may be changed, or
 * emptied when it is not to stay; before is what stands in front of it.
 */
typedef void (*fixup_check_fn)(void *arg, struct buf *field,
	    struct buf *before);

/* Borrowed until fixup_start returns, conf until fixup_free. */
struct fixup_settings {
	const struct conf		*conf;
	const struct fixup_client	*client;
	uint64_t			 queue_id;
	uint64_t			 arrival_us;
	const char			*sender;	/* for From: */
	const char			*only_recipient; /* NULL: several */
	struct slice			 front;	/* fields that stand first */
	bool				 add_missing;	/* Date: and so on */
	bool				 is_binary;	/* body as it is */
	fixup_check_fn			 check;		/* NULL: none */
	void				*check_arg;	/* as long as fixup */
};

typedef void (*fixup_put_fn)(void *arg, struct slice bytes);

struct fixup	*fixup_new(const struct fixup_settings *settings,
		    fixup_put_fn put, void *arg);
void		 fixup_free(struct fixup **fixup);

/* Bytes of memory that it has now; hand on what can be, and need less. */
size_t		 fixup_size(const struct fixup *fixup);
void		 fixup_shrink(struct fixup *fixup);

/* Write front and the Received: header (RFC 5321 section 4.4). */
void		 fixup_start(struct fixup *fixup);

/*
 * More content, cut anywhere; its end.  0, or -1 when the message must be
 * refused: fixup_dsn and fixup_why say how (static).
 */
int		 fixup_put(struct fixup *fixup, struct slice bytes);
int		 fixup_end(struct fixup *fixup);
const char	*fixup_dsn(const struct fixup *fixup);
const char	*fixup_why(const struct fixup *fixup);

#endif
