#ifndef MAIL_TLS_KEYS_H
#define MAIL_TLS_KEYS_H

/*
 * What may become a problem with keys and certificates, for tern check.
 */

#include <stdbool.h>

struct tls_config;
struct tls_context;

/* Something to know, or, is_warning, to do something about. */
typedef void (*tls_keys_note_fn)(const char *text, bool is_warning,
	    void *arg);

/*
 * How long the certificates of a context are good, and whether everybody can
 * read or write the keys of the config it was made of.
 */
void	 tls_keys_look(struct tls_context *context,
	    const struct tls_config *config, tls_keys_note_fn note, void *arg);

/* The same of one file with a private key in it, if it is there. */
void	 tls_keys_look_at(const char *file, tls_keys_note_fn note,
	    void *arg);

#endif
