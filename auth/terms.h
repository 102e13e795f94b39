#ifndef AUTH_TERMS_H
#define AUTH_TERMS_H

/*
 * The terms on which one may log in: parameters of main.cf, with those that
 * a service has of its own.  Peers with the same settings share them.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/backend.h"

struct match_list;

struct terms {
	struct backend_place	 place;
	const struct backend	*backend;
	struct conf		*own_conf;	/* owned; NULL: main.cf alone */
	struct match_list	*filter;	/* NULL: allows nothing */
	unsigned char		*settings;	/* of the service; owned */
	size_t			 settings_len;
	size_t			 users;		/* the loop's */
	struct terms		*next, *prev;	/* of all */

	pthread_mutex_t		 mutex;		/* guards what follows */
	struct backend_menu	 menu;		/* as filtered */
	int64_t			 listed_ms;	/* 0: not yet */
};

/*
 * Those of a peer with these settings, out of the list *all, or new in it;
 * to be dropped.
 */
struct terms	*terms_get(struct terms **all, const struct conf *conf,
		    const struct sasl_check_library *library,
		    struct slice settings);
struct terms	*terms_keep(struct terms *terms);
void		 terms_drop(struct terms **all, struct terms **terms);

/*
 * In a thread: what the back end offers and the filter lets pass, appended
 * to menu.  0, or -1 and why.
 */
int		 terms_list(struct terms *terms, struct backend_menu *menu,
		    struct buf *why);

/* May it be used?  AUTH_OK, or why not; AUTH_LATER comes with why. */
enum auth_result terms_judge(struct terms *terms, struct slice mechanism,
		    bool has_tls, struct buf *why);

void		 terms_clear_menu(struct backend_menu *menu);

#endif
