#ifndef TESTS_UNIT_PROFILE_FIXTURE_H
#define TESTS_UNIT_PROFILE_FIXTURE_H

/*
 * A profile of parameters, as lookup judges by.
 */

#include <CUnit/CUnit.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/profile.h"
#include "util/mem.h"

/* main.cf says this: lines "name = value"; defaults are the real ones. */
static inline void
profile_fixture_init(struct profile *profile, const char *text)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	memset(profile, 0, sizeof(*profile));
	conf_source_set(source, "myhostname", "mail.ours.example", "test");
	/* No file of this machine. */
	conf_source_set(source, "alias_maps", "", "test");
	conf_source_set(source, "inet_interfaces", "127.0.0.1", "test");
	conf_source_set(source, "proxy_interfaces", "192.0.2.99", "test");
	if (conf_source_load(source, "main.cf", slice_str(text), &why) < 0)
		CU_FAIL_FATAL(why);
	profile->own_conf = conf_new(source, &why);
	if (profile->own_conf == NULL)
		CU_FAIL_FATAL(why);
	profile->conf = profile->own_conf;
	addressing_init(&profile->addressing, profile->conf);
}

static inline void
profile_fixture_clear(struct profile *profile)
{
	addressing_clear(&profile->addressing);
	conf_free(&profile->own_conf);
}

#endif
