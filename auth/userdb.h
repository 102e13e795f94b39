#ifndef AUTH_USERDB_H
#define AUTH_USERDB_H

/*
 * A sasldb, kept open until it changes: what saslpasswd2 has written the
 * very next attempt sees.
 */

#include "net/sasl_secrets.h"

extern const struct sasl_secrets_reader	userdb_reader;

#endif
