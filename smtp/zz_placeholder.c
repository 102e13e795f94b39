typedef int nothing_smtp;
