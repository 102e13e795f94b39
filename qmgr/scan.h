#ifndef QMGR_SCAN_H
#define QMGR_SCAN_H

/*
 * The due index: loads what is to be tried when its time has come and the
 * active queue has room.  The queue is never enumerated: a pass reads a
 * page of the index at a time.
 */

#include <stdbool.h>
#include <stdint.h>

struct manager;
struct scan;

struct scan	*scan_new(struct manager *manager);

/* Something is due then. */
void		 scan_wake_at(struct scan *scan, uint64_t due_us);

/*
 * A message has just come, and the active queue has no room: it takes turns
 * with what is due, page by page, so that no crowd of old mail is in the way
 * of new (Q40).  Only the first of very many are remembered; the others are
 * due like all.
 */
void		 scan_put_fresh(struct scan *scan, uint64_t id);

/* The active queue has room again. */
void		 scan_check(struct scan *scan);

/* Load one message, if it is due by then. */
void		 scan_load(struct scan *scan, uint64_t id, uint64_t until_us);

/* A message that a pass asked for has been read. */
void		 scan_loaded(struct scan *scan);

void		 scan_stop(struct scan *scan);

#endif
