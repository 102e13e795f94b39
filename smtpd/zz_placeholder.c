typedef int nothing_smtpd;
