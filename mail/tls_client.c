/*
 * TLS of the SMTP client.
 */

#include "mail/tls_client.h"

#include <errno.h>
#include <string.h>

#include "conf/conf.h"
#include "net/tls_context.h"
#include "net/tlsa.h"
#include "util/mem.h"
#include "util/path.h"

#define SEPARATORS	", \t\r\n"
#define ANCHOR_LIMIT	262144	/* bytes of trust anchors in a file */

static int
read_file(const char *path, struct buf *anchors, struct buf *why)
{
	size_t		before = anchors->len;
	struct tlsa	tlsa = { .count = 0 };
	int		result = -1;

	if (path_read(path, ANCHOR_LIMIT, anchors) < 0)
		buf_printf(why, "smtp_tls_trust_anchor_file: %s: %s", path,
		    strerror(errno));
	else if (tlsa_add_pem(&tlsa, slice_after(buf_slice(anchors),
	    before)) < 0)
		buf_printf(why, "smtp_tls_trust_anchor_file: %s: no usable "
		    "certificate or public key", path);
	else
		result = 0;
	buf_put_u8(anchors, '\n');
	tlsa_clear(&tlsa);
	return result;
}

static int
read_anchors(const char *list, struct buf *anchors, struct buf *why)
{
	struct slice	rest = slice_str(list), word;
	int		result = 0;

	while (result == 0 &&
	    slice_get_word(&rest, SEPARATORS, &word) == 0) {
		char	*path = slice_dup(word);

		result = read_file(path, anchors, why);
		mem_free(path);
	}
	return result;
}

static struct tls_config
make_config(const struct conf *conf)
{
	return (struct tls_config){
		.chain_files = conf->smtp_tls_chain_files,
		.pairs = {
			{ conf->smtp_tls_cert_file, conf->smtp_tls_key_file },
			{ conf->smtp_tls_eccert_file,
			    conf->smtp_tls_eckey_file },
			{ conf->smtp_tls_dcert_file,
			    conf->smtp_tls_dkey_file },
		},
		.ca_file = conf->smtp_tls_CAfile,
		.ca_path = conf->smtp_tls_CApath,
		.has_system_cas = conf->tls_append_default_CA,
		.verify_depth = (int)conf->smtp_tls_scert_verifydepth,
		.options = conf->tls_ssl_options,
	};
}

static struct tls_context *
make_context(const struct conf *conf, struct buf *why)
{
	struct tls_config	 config = make_config(conf);
	struct buf		 groups = BUF_INIT;
	struct tls_context	*context;

	buf_printf(&groups, "%s %s", conf->tls_eecdh_auto_curves,
	    conf->tls_ffdhe_auto_groups);
	config.groups = buf_cstr(&groups);
	context = tls_context_new(&config, why);
	buf_clear(&groups);
	return context;
}

void
tls_client_look(const struct tls_client *client, const struct conf *conf,
    tls_keys_note_fn note, void *arg)
{
	struct tls_config	config = make_config(conf);

	tls_keys_look(client->context, &config, note, arg);
}

struct tls_client *
tls_client_new(const struct conf *conf, struct buf *why)
{
	struct tls_client	*client = mem_new(sizeof(*client));

	client->context = make_context(conf, why);
	if (client->context == NULL ||
	    read_anchors(conf->smtp_tls_trust_anchor_file, &client->anchors,
	    why) < 0)
		tls_client_free(&client);
	return client;
}

void
tls_client_free(struct tls_client **clientp)
{
	struct tls_client	*client = *clientp;

	if (client == NULL)
		return;
	*clientp = NULL;
	tls_context_free(&client->context);
	buf_clear(&client->anchors);
	mem_free(client);
}
