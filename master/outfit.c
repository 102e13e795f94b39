/*
 * TLS of a client's service.
 */

#include "master/outfit.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/tls_client.h"
#include "master/generation.h"
#include "net/tls_library.h"
#include "util/log.h"
#include "util/mem.h"

/* As lmtp will read it; NULL and *why_r. */
static struct conf *
make_lmtp(const struct conf *conf, char **why_r)
{
	struct conf_source	*source = conf_source_new();
	struct buf		 copy = BUF_INIT;
	struct conf		*lmtp;

	conf_source_write(conf->source, &copy);
	if (conf_source_parse(source, buf_slice(&copy)) < 0)
		log_panic("outfit: a snapshot cannot be read");
	buf_clear(&copy);
	conf_row_set_lmtp(source);
	if ((lmtp = conf_new(source, why_r)) == NULL)
		conf_source_free(&source);
	return lmtp;
}

static int
check(struct generation *generation, const struct conf *conf,
    const char *where, char **why_r)
{
	struct buf		 why = BUF_INIT;
	struct tls_client	*client = NULL;
	int			 result;

	if (tls_library_check(conf->tls_config_file, &why) == 0)
		client = tls_client_new(conf, &why);
	result = client == NULL ? -1 : 0;
	if (client == NULL)
		*why_r = mem_printf("%s: %s", where, buf_cstr(&why));
	else
		tls_client_look(client, conf, generation_tell, generation);
	tls_client_free(&client);
	buf_clear(&why);
	return result;
}

int
outfit_check(struct generation *generation, const struct conf *conf,
    const char *program, const char *where, char **why_r)
{
	struct conf	*lmtp;
	int		 result;

	if (strcmp(program, "smtp") == 0)
		return check(generation, conf, where, why_r);
	if (strcmp(program, "lmtp") != 0)
		return 0;
	if ((lmtp = make_lmtp(conf, why_r)) == NULL)
		return -1;
	result = check(generation, lmtp, where, why_r);
	conf_free(&lmtp);
	return result;
}
