/*
 * smtp, the SMTP client; under the name of lmtp, the LMTP client.
 */

#include "mail/daemon.h"
#include "smtp/sender.h"

int
main(int argc, char **argv)
{
	return daemon_run(sender_program(argv[0]), argc, argv);
}
