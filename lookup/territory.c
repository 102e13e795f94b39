/*
 * Domains of ours.
 */

#include "lookup/territory.h"

#include "lookup/profile.h"
#include "mail/address.h"
#include "mail/match_list.h"
#include "util/buf.h"
#include "util/log.h"

/* What cannot be read has nobody, but may have had somebody. */
static enum match_list_answer
find_in(struct match_list *list, const char *parameter, struct slice domain)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	if (list == NULL)
		return MATCH_LIST_TROUBLE;
	answer = match_list_find(list, domain, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("%s: %s", parameter, buf_cstr(&why));
	buf_clear(&why);
	return answer;
}

enum territory
territory_find(const struct profile *profile, struct slice address)
{
	struct slice	domain = address_domain(address);

	if (domain.len == 0 || domain.data[0] == '[')
		return TERRITORY_OTHER;
	switch (find_in(profile->relay_domains, "relay_domains", domain)) {
	case MATCH_LIST_YES:
		return TERRITORY_RELAY;
	case MATCH_LIST_TROUBLE:
		return TERRITORY_UNKNOWN;
	case MATCH_LIST_NO:
		break;
	}
	return TERRITORY_OTHER;
}
