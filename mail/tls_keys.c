/*
 * Keys and certificates, looked at.
 */

#include "mail/tls_keys.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "net/tls_context.h"
#include "util/mem.h"
#include "util/slice.h"

#define DAYS_ENOUGH	30

struct looking {
	tls_keys_note_fn	 note;
	void			*arg;
};

static void
on_certificate(const char *name, int64_t days, void *arg)
{
	const struct looking	*looking = arg;
	char			*text;

	if (days < 0)
		text = mem_printf("the certificate of %s has expired %lld "
		    "days ago", name, (long long)-days);
	else
		text = mem_printf("the certificate of %s is good for %lld "
		    "days", name, (long long)days);
	looking->note(text, days < DAYS_ENOUGH, looking->arg);
	mem_free(text);
}

void
tls_keys_look_at(const char *file, tls_keys_note_fn note, void *arg)
{
	struct stat	 st;
	char		*text;

	if (stat(file, &st) < 0 || (st.st_mode & (S_IROTH | S_IWOTH)) == 0)
		return;
	text = mem_printf("%s: everybody can %s this private key", file,
	    st.st_mode & S_IROTH ? "read" : "write");
	note(text, true, arg);
	mem_free(text);
}

void
tls_keys_look(struct tls_context *context, const struct tls_config *config,
    tls_keys_note_fn note, void *arg)
{
	struct looking	looking = { note, arg };
	struct slice	rest = slice_str(config->chain_files), word;
	bool		has_chains = slice_trim(rest).len > 0;

	tls_context_each(context, on_certificate, &looking);
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		char	*file = slice_dup(word);

		tls_keys_look_at(file, note, arg);
		mem_free(file);
	}
	for (size_t i = 0; i < TLS_CONTEXT_PAIRS && !has_chains; i++)
		if (config->pairs[i].cert_file != NULL &&
		    config->pairs[i].key_file != NULL)
			tls_keys_look_at(config->pairs[i].key_file, note, arg);
}
