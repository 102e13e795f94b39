/*
 * smtpd: the SMTP server.
 */

#include "mail/daemon.h"
#include "smtpd/gate.h"

int
main(int argc, char **argv)
{
	return daemon_run(&gate_program, argc, argv);
}
