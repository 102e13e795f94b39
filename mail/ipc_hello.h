#ifndef MAIL_IPC_HELLO_H
#define MAIL_IPC_HELLO_H

/*
 * HELLO, the first frame each way (mail/ipc.h): who comes.  Apart from
 * mail/ipc.c master says it, for its children.
 */

#include <stdint.h>

#include "util/slice.h"

struct buf;

struct ipc_hello {
	struct slice	 program;	/* borrowed from the frame */
	unsigned	 role;		/* IPC_* */
	uint32_t	 process;
	struct slice	 settings;	/* as of ipc_peer_settings; likewise */
};

/*
 * Append one; process 0: the one that connects; settings: at most
 * IPC_DATA_LIMIT bytes.
 */
void	ipc_hello_put(struct buf *into, const char *program,
	    uint32_t process, struct slice settings);

/* 0, or -1 and *why_r (static): "it ...". */
int	ipc_hello_parse(uint16_t code, struct slice payload,
	    struct ipc_hello *hello_r, const char **why_r);

#endif
