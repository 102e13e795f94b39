typedef int nothing_mail;
