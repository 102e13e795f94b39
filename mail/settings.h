#ifndef MAIL_SETTINGS_H
#define MAIL_SETTINGS_H

/*
 * What a service has with -o on its line of master.cf, as the HELLO that
 * master says for it has it (ipc_peer_settings).
 */

#include "util/slice.h"

struct conf;

/*
 * base with these settings; the caller frees.  NULL when there are none, or
 * they are no good, which is logged: then base is all there is.
 */
struct conf	*settings_apply(const struct conf *base,
		    struct slice settings);

#endif
