#!/usr/bin/env python3
"""Send one pipelined session to ternsink, cut in two at every byte.

usage: cut_session.py PORT

Whatever the cut, the replies must be the same.
"""

import socket
import sys

SESSION = (b"EHLO cut.example\r\n"
           b"MAIL FROM:<a@cut.example>\r\nRCPT TO:<b@cut.example>\r\nDATA\r\n"
           b"Subject: cut\r\n\r\n.\r\r\n..\r\n...\r\n.x\r\n\n.\n\r\n\r.\r\n"
           b"\r\n.\r\n"
           b"MAIL FROM:<a@cut.example>\r\nRCPT TO:<b@cut.example>\r\nDATA\r\n"
           b".\r\n"
           b"MAIL FROM:<a@cut.example>\r\nRCPT TO:<b@cut.example>\r\n"
           b"BDAT 7\r\n\r\n.\r\n\r\nBDAT 0 LAST\r\n"
           b"NOOP\r\nQUIT\r\n")
CODES = "220 250 250 250 354 250 250 250 354 250 250 250 250 250 250 221"


def talk(port, cut):
    """The codes of all replies to the session cut at one place."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = sock.makefile("rb")
        codes = [file.readline()[:3].decode()]
        sock.sendall(SESSION[:cut])
        # A reply shows that the server has read the first part.
        if cut > SESSION.index(b"\r\n") + 1:
            codes += read_reply(file)
        sock.sendall(SESSION[cut:])
        while reply := read_reply(file):
            codes += reply
    return " ".join(codes)


def read_reply(file):
    while line := file.readline():
        if line[3:4] == b" ":
            return [line[:3].decode()]
    return []


def main():
    port = int(sys.argv[1])
    wrong = 0
    for cut in range(len(SESSION)):
        codes = talk(port, cut)
        if codes != CODES:
            print(f"cut at {cut}: {codes}")
            wrong += 1
    print(f"cuts={len(SESSION)} wrong={wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
