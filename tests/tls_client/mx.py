"""A server for mail that does with TLS what it is told to."""

import socket
import ssl
import threading


class Session:
    """What one connection has seen."""

    def __init__(self):
        self.version = None         # of TLS
        self.is_resumed = False
        self.sni = None
        self.subject = None         # of the client's certificate
        self.error = None           # of the handshake
        self.commands = []          # (verb, inside of TLS)
        self.messages = 0

    def plain_mail(self):
        return ("MAIL", False) in self.commands


class Server:
    """STARTTLS with a chain (None: not offered), or, wrapped, TLS at once.

    reply: what STARTTLS is answered; behind: what stands in plaintext
    behind it; handshake: ok, garbage, close or silence.  client_ca: asks
    for certificates of this CA.
    """

    def __init__(self, ip, port, chain=None, reply="220 2.0.0 go",
                 behind=b"", handshake="ok", wrapped=False, client_ca=None,
                 early=False):
        self.chain, self.reply, self.behind = chain, reply, behind
        self.handshake, self.wrapped = handshake, wrapped
        self.keywords = ["PIPELINING", "8BITMIME"]
        if early:
            self.keywords.append("PIPECONNECT")
        self.lock = threading.Lock()
        self.sessions = []
        self.offers = (chain is not None or reply[0] != "2" or
                       handshake != "ok")
        self.context = None
        if chain is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(chain)
            self.context.sni_callback = self.take_name
            if client_ca is not None:
                self.context.load_verify_locations(client_ca)
                self.context.verify_mode = ssl.CERT_OPTIONAL
        self.listener = socket.create_server((ip, port), backlog=50)
        threading.Thread(target=self.accept, daemon=True).start()

    def messages(self):
        return sum(session.messages for session in self.sessions)

    def handshakes(self):
        return sum(session.version is not None for session in self.sessions)

    def close(self):
        # Only so does accept end.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def take_name(self, stream, name, _context):
        stream.session_seen.sni = name

    def accept(self):
        while True:
            try:
                stream = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.run, args=(stream,),
                             daemon=True).start()

    def run(self, stream):
        session = Session()
        self.sessions.append(session)
        stream.settimeout(30)
        try:
            if self.wrapped:
                stream = self.secure(stream, session)
            stream.sendall(b"220 mx.example ESMTP\r\n")
            self.talk(stream, session)
        except OSError as error:
            session.error = error
        finally:
            stream.close()

    def secure(self, stream, session):
        if self.handshake == "garbage":
            stream.recv(65536)
            stream.sendall(b"\x16\x03\x03this is no handshake at all\r\n")
            raise OSError("garbage was said")
        if self.handshake == "close":
            stream.recv(65536)
            raise OSError("was closed")
        if self.handshake == "silence":
            stream.recv(65536)
            while stream.recv(65536):
                pass
            raise OSError("nothing was said")

        class Stream(ssl.SSLSocket):
            session_seen = session
        with self.lock:
            self.context.sslsocket_class = Stream
            stream = self.context.wrap_socket(
                stream, server_side=True, do_handshake_on_connect=False)
        stream.do_handshake()
        session.version = stream.version()
        session.is_resumed = stream.session_reused
        certificate = stream.getpeercert() or {}
        for part in certificate.get("subject", ()):
            session.subject = dict(part).get("commonName")
        return stream

    def talk(self, stream, session):
        data, is_secure, in_data = b"", self.wrapped, False
        while True:
            while b"\r\n" not in data:
                more = stream.recv(65536)
                if not more:
                    return
                data += more
            line, data = data.split(b"\r\n", 1)
            if in_data:
                if line == b".":
                    in_data = False
                    session.messages += 1
                    stream.sendall(b"250 2.0.0 taken\r\n")
                continue
            verb = line.split(b" ")[0].decode("latin-1").upper()
            session.commands.append((verb, is_secure))
            if verb == "STARTTLS":
                stream.sendall(self.reply.encode() + b"\r\n" + self.behind)
                if self.reply.startswith("2"):
                    stream = self.secure(stream, session)
                    data, is_secure = b"", True
            elif verb == "QUIT":
                stream.sendall(b"221 2.0.0 bye\r\n")
                return
            elif verb == "DATA":
                in_data = True
                stream.sendall(b"354 go on\r\n")
            else:
                stream.sendall(self.answer(verb, is_secure))

    def answer(self, verb, is_secure):
        if verb != "EHLO":
            return b"250 2.0.0 ok\r\n"
        words = list(self.keywords)
        if self.offers and not is_secure:
            words.append("STARTTLS")
        return "".join("250-%s\r\n" % word for word in ["mx"] + words).encode(
            ) + b"250 ENHANCEDSTATUSCODES\r\n"
