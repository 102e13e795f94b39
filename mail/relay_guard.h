#ifndef MAIL_RELAY_GUARD_H
#define MAIL_RELAY_GUARD_H

/*
 * Whether a configuration of the SMTP server says no to strangers at all:
 * without that it is an open relay.
 */

struct conf;

/*
 * 0, or -1 and in *why_r (caller frees) what is missing, when neither
 * smtpd_relay_restrictions nor smtpd_recipient_restrictions comes to a
 * refusal that nobody is spared.
 */
int	relay_guard_check(const struct conf *conf, char **why_r);

#endif
