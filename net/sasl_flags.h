#ifndef NET_SASL_FLAGS_H
#define NET_SASL_FLAGS_H

/*
 * SASL_OPTIONS_* in the flags of libcyrus-sasl (SASL_SEC_*).
 */

unsigned	sasl_flags_of(unsigned options);

#endif
