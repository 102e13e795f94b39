#ifndef MAIL_PLACE_H
#define MAIL_PLACE_H

/*
 * Where an address stands: PLACE_* of mail/ipc.h.
 */

/*
 * The set of a parameter, "envelope_sender, header_recipient".  A word that
 * is none of the four is logged, with the parameter's name, and left out.
 */
unsigned	place_parse(const char *parameter, const char *text);

#endif
