#ifndef MAIL_CONTROL_H
#define MAIL_CONTROL_H

/*
 * The control channel between master and one of its children: a Unix
 * socket of packets.  A packet is one letter, text, and perhaps a
 * descriptor.  Its end tells either side that the other is gone.
 *
 * child to master:
 *	V version	"I am set up" (or: wrong version, see IPC_VERSION)
 *	C service	connect me to the service "cleanup"
 *	B		I am alive (every CONTROL_BEAT_MS)
 * master to child:
 *	F service	the connection asked for; without a descriptor:
 *			there is none now
 *	D		a new generation takes over: finish the sessions you
 *			have, then leave
 *	S		the suite stops: finish replies in flight, then leave
 *	L		here is the new log file
 *	T keys		tickets of TLS sessions: net/tls_ticket.h
 */

#include <stddef.h>

#define CONTROL_BEAT_MS		10000
#define CONTROL_TEXT_SIZE	256

enum control_type {
	CONTROL_READY = 'V',
	CONTROL_CONNECT = 'C',
	CONTROL_BEAT = 'B',
	CONTROL_CONNECTED = 'F',
	CONTROL_DRAIN = 'D',
	CONTROL_STOP = 'S',
	CONTROL_LOG = 'L',
	CONTROL_TICKETS = 'T',
};

struct control_packet {
	enum control_type	type;
	char			text[CONTROL_TEXT_SIZE];
	int			fd;	/* -1: none; the receiver's to close */
};

/* A pair of control sockets, close-on-exec, non-blocking; 0 or -1. */
int	control_pair(int fds_r[2]);

/* fd (or -1) is passed along and stays the caller's.  0, or -1 with errno. */
int	control_send(int control, enum control_type type, const char *text,
	    int fd);

/*
 * One packet: 1; 0: none is waiting; -1: the other side is gone, or sent
 * what is no packet.
 */
int	control_receive(int control, struct control_packet *packet_r);

#endif
