#ifndef MAIL_SETTINGS_H
#define MAIL_SETTINGS_H

/*
 * What a service has with -o on its line of master.cf, as the HELLO that
 * master says for it has it (ipc_peer_settings).
 */

#include "util/slice.h"

struct conf;
struct conf_source;

/*
 * base with these settings, and then with what the program itself sets (as
 * in mail/daemon.h; NULL for nothing); the caller frees.  Settings that are
 * no good are left out, which is logged.  NULL when nothing is to be set:
 * then base is all there is.
 */
struct conf	*settings_apply(const struct conf *base,
		    struct slice settings,
		    void (*set)(struct conf_source *));

#endif
