/*
 * Who is there.
 */

#include "lookup/roster.h"

#include <string.h>

#include "conf/conf.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "lookup/tables.h"
#include "lookup/territory.h"

/* Reply code and name of the list, by kind of domain. */
static int
code_of(const struct conf *conf, enum territory territory,
    const char **name_r)
{
	switch (territory) {
	case TERRITORY_RELAY:
		*name_r = "relay recipient";
		return (int)conf->unknown_relay_recipient_reject_code;
	case TERRITORY_LOCAL:
		*name_r = "local recipient";
		return (int)conf->unknown_local_recipient_reject_code;
	case TERRITORY_ALIAS:
		*name_r = "virtual alias";
		return (int)conf->unknown_virtual_alias_reject_code;
	case TERRITORY_MAILBOX:
		*name_r = "virtual mailbox";
		return (int)conf->unknown_virtual_mailbox_reject_code;
	case TERRITORY_OTHER:
	case TERRITORY_UNKNOWN:
		break;
	}
	*name_r = "";
	return 550;
}

static struct tables *
tables_of(const struct profile *profile, enum territory territory)
{
	return territory == TERRITORY_RELAY ? profile->relay_recipients :
	    NULL;
}

static enum ruling
refuse(struct hearing *hearing, struct slice address, bool is_sender,
    enum territory territory)
{
	const char	*name;
	int		 code = code_of(hearing->conf, territory, &name);
	bool		 is_named = hearing->conf->show_user_unknown_table_name;

	return hearing_refuse(hearing, code, is_sender ? "5.1.0" : "5.1.1",
	    "<%.*s>: %s rejected: User unknown%s%s%s", SLICE_ARG(address),
	    rule_class(is_sender ? RULE_SENDER : RULE_RECIPIENT),
	    is_named ? " in " : "", is_named ? name : "",
	    is_named ? " table" : "");
}

enum ruling
roster_check(struct hearing *hearing, struct slice address, bool is_sender)
{
	const struct profile	*profile = hearing->profile;
	enum territory		 territory;
	struct tables		*tables;
	struct buf		 value = BUF_INIT;
	enum table_answer	 answer;

	if (address.len == 0)
		return RULING_DUNNO;
	territory = territory_find(profile, address);
	if (territory == TERRITORY_UNKNOWN)
		return hearing_cannot_tell(hearing, address);
	tables = tables_of(profile, territory);
	if (tables == NULL || tables_is_empty(tables))
		return RULING_DUNNO;
	answer = tables_find_address(tables, address, profile->delimiter,
	    territory == TERRITORY_LOCAL, &value);
	buf_clear(&value);
	if (answer == TABLE_TROUBLE)
		return hearing_cannot_tell(hearing, address);
	return answer == TABLE_FOUND ? RULING_DUNNO :
	    refuse(hearing, address, is_sender, territory);
}
