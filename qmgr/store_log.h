#ifndef QMGR_STORE_LOG_H
#define QMGR_STORE_LOG_H

/*
 * Room at the end of the database's log, made while nobody waits: zeros
 * that are on the disk already.  A flush that only writes over them spares
 * the file system the change of the file's size, which costs it a commit of
 * its own journal: half of what a single message waits for.
 *
 * The library reads zeros as the end of a log file, always: DB_LOG_ZERO
 * (Berkeley DB, DB_ENV->log_set_config) makes such files as well, but writes
 * each of them twice, under load too.
 *
 * For the thread that writes the log.  What fails here costs speed, no more.
 */

#include <stdint.h>

struct store_log;

/* folder: of the environment. */
struct store_log *store_log_new(const char *folder);
void		 store_log_free(struct store_log **log);

/*
 * The log ends at offset of log file number, which may become size bytes
 * long; everything from there on may be written over.
 */
void		 store_log_prepare(struct store_log *log, uint32_t number,
		    uint32_t offset, uint32_t size);

#endif
