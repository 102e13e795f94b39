#ifndef MASTER_SURVEY_H
#define MASTER_SURVEY_H

/*
 * A look at every table and file of names that the configuration names, for
 * "tern check": what cannot be opened or read is a warning of the
 * generation, "main.cf:12: canonical_maps: /etc/tern/canonical:3: ...".
 * Programs would say the same when they are first asked for it.
 */

struct generation;

void	survey_tables(struct generation *generation);

#endif
