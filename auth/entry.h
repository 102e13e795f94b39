#ifndef AUTH_ENTRY_H
#define AUTH_ENTRY_H

/*
 * The terms on which one may log in: parameters of main.cf, with those that
 * a service has of its own.  Peers with the same settings share them.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/backend.h"

struct sasl_filter;

struct entry {
	struct backend_place	 place;
	const struct backend	*backend;
	struct conf		*own_conf;	/* owned; NULL: main.cf alone */
	struct sasl_filter	*filter;
	unsigned char		*settings;	/* of the service; owned */
	size_t			 settings_len;
	size_t			 users;		/* the loop's */
	struct entry		*next, *prev;	/* of all */

	pthread_mutex_t		 mutex;		/* guards what follows */
	struct backend_menu	 menu;		/* as filtered */
	int64_t			 listed_ms;	/* 0: not yet */
};

/*
 * Those of a peer with these settings, out of the list *all, or new in it;
 * to be dropped.
 */
struct entry	*entry_get(struct entry **all, const struct conf *conf,
		    const struct sasl_check_library *library,
		    struct slice settings);
struct entry	*entry_keep(struct entry *entry);
void		 entry_drop(struct entry **all, struct entry **entry);

/*
 * In a thread: what the back end offers and the filter lets pass, appended
 * to menu.  0, or -1 and why.
 */
int		 entry_list(struct entry *entry, struct backend_menu *menu,
		    struct buf *why);

/* May it be used?  AUTH_OK, or why not; AUTH_LATER comes with why. */
enum auth_result entry_judge(struct entry *entry, struct slice mechanism,
		    bool has_tls, struct buf *why);

void		 entry_clear_menu(struct backend_menu *menu);

#endif
