#ifndef SMTP_CONNECTION_H
#define SMTP_CONNECTION_H

/*
 * One SMTP connection, and the job on it.  Commands that were sent wait in
 * a line for their replies: the sending side runs ahead of the receiving
 * side as far as the server allows (RFC 2920).
 */

struct connection;
struct job;
struct site;

/* Connect to the site; when ready it takes a job of it. */
void	connection_new(struct site *site);

/* An idle connection gets a job. */
void	connection_start(struct connection *c, struct job *job);

/* An idle connection is closed. */
void	connection_quit(struct connection *c);

/* The next of the site's idle connections. */
struct connection *connection_next(struct connection *c);

#endif
