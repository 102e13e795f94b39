#ifndef MAIL_IPC_CODEC_H
#define MAIL_IPC_CODEC_H

/*
 * Fields of frames.  What the encoders of mail/ipc.def are made of.
 */

#include "mail/ipc.h"

struct buf;

/* The output buffer of a connection, NULL when it was lost (mail/ipc.c). */
struct buf	*ipc_out(struct ipc *ipc);

/* The frame in ipc_out is complete. */
void		 ipc_out_done(struct ipc *ipc);

#endif
