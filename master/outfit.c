/*
 * TLS of a client's service.
 */

#include "master/outfit.h"

#include "conf/conf.h"
#include "mail/tls_client.h"
#include "util/mem.h"

int
outfit_check(const struct conf *conf, const char *where, char **why_r)
{
	struct buf		 why = BUF_INIT;
	struct tls_client	*client = tls_client_new(conf, &why);
	int			 result = client == NULL ? -1 : 0;

	if (client == NULL)
		*why_r = mem_printf("%s: %s", where, buf_cstr(&why));
	tls_client_free(&client);
	buf_clear(&why);
	return result;
}
