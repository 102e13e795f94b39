#ifndef MASTER_HOPS_H
#define MASTER_HOPS_H

/*
 * The next hops that main.cf names, checked while somebody looks: the
 * program that uses them has neither /etc/services nor a way to complain.
 */

struct conf;

/* 0, or -1 and in *why_r what is wrong (caller frees). */
int	hops_check(const struct conf *conf, char **why_r);

#endif
