/*
 * TLS of a service, before it is started.
 */

#include "master/armour.h"

#include "conf/conf.h"
#include "mail/tls_server.h"
#include "master/generation.h"
#include "net/tls_library.h"
#include "util/mem.h"

int
armour_check(struct generation *generation, const struct conf *conf,
    const char *where, const char *service, char **why_r)
{
	struct buf		 why = BUF_INIT;
	struct tls_server	*server = NULL;
	char			*text = NULL;

	if (tls_library_check(conf->tls_config_file, &why) == 0)
		server = tls_server_new(conf, service, &why);
	if (why.len > 0)
		text = mem_printf("%s: %s", where, buf_cstr(&why));
	buf_clear(&why);
	if (server == NULL) {
		*why_r = text;
		return -1;
	}
	if (text != NULL)
		generation_warn(generation, text);
	mem_free(text);
	tls_server_look(server, conf, generation_tell, generation);
	tls_server_free(&server);
	return 0;
}
