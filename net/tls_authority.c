/*
 * Folders of CA certificates.
 */

#include "net/tls_authority.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "util/ascii.h"
#include "util/mem.h"
#include "util/path.h"

#define HASH_LEN	8	/* digits of a name's hash; "." follows */

/* Not a list of what was revoked, which has an r behind the dot. */
static bool
is_hash(const char *name)
{
	size_t	len = strlen(name);

	if (len < HASH_LEN + 2 || name[HASH_LEN] != '.')
		return false;
	for (size_t i = 0; i < HASH_LEN; i++)
		if (ascii_hex(name[i]) < 0)
			return false;
	for (size_t i = HASH_LEN + 1; i < len; i++)
		if (!ascii_is_digit(name[i]))
			return false;
	return true;
}

int
tls_authority_read(SSL_CTX *ctx, const char *folder, struct buf *why)
{
	DIR		*dir = opendir(folder);
	struct dirent	*entry;

	if (dir == NULL) {
		buf_printf(why, "%s: %s", folder, strerror(errno));
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		char	*path;

		if (!is_hash(entry->d_name))
			continue;
		path = path_join(folder, entry->d_name);
		SSL_CTX_load_verify_file(ctx, path);
		mem_free(path);
	}
	closedir(dir);
	ERR_clear_error();
	return 0;
}

void
tls_authority_read_system(SSL_CTX *ctx)
{
	struct buf	why = BUF_INIT;

	SSL_CTX_load_verify_file(ctx, X509_get_default_cert_file());
	tls_authority_read(ctx, X509_get_default_cert_dir(), &why);
	buf_clear(&why);
	ERR_clear_error();
}
