#ifndef MASTER_WORDS_H
#define MASTER_WORDS_H

/*
 * Lists of words in the configuration that a program reads when it needs
 * them, and by then can only warn: tern check says so before.
 */

struct conf;

/* 0, or -1 and *why_r (caller frees): a word that is none. */
int	words_check(const struct conf *conf, char **why_r);

#endif
