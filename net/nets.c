/*
 * Lists of networks.
 */

#include "net/nets.h"

#include "util/mem.h"

int
nets_parse(struct nets *nets, const char *text, struct slice *word_r,
    const char **why_r)
{
	struct slice	rest = slice_str(text);
	struct addr_net	net;

	while (slice_get_word(&rest, ", \t\r\n", word_r) == 0) {
		if (addr_parse_net(*word_r, &net, why_r) < 0)
			return -1;
		nets->list = mem_resize(nets->list,
		    (nets->count + 1) * sizeof(net));
		nets->list[nets->count++] = net;
	}
	return 0;
}

void
nets_clear(struct nets *nets)
{
	mem_free(nets->list);
	*nets = (struct nets){ NULL, 0 };
}

bool
nets_has(const struct nets *nets, const struct addr *addr)
{
	for (size_t i = 0; i < nets->count; i++)
		if (addr_is_in_net(addr, &nets->list[i]))
			return !nets->list[i].negated;
	return false;
}
