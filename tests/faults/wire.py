"""A wire between weigh and a registry that breaks at the byte a test names."""
import select
import socket
import struct
import threading

PIECE = 65536
BUFFER = 65536  # of the near side: few bytes are on their way when it breaks
LOOK_SECONDS = 0.02


class Wire:
    """A proxy that counts.  down, up: bytes of this round; tries: connections.

    A round's connections end when the next one begins, and their bytes never
    count for it: what an ended weigh had asked for still comes for a while.
    """

    def __init__(self, port=None):
        self.port, self.lock = port, threading.Lock()
        self.round, self.lines, self.ban = 0, [], None
        self.begin()
        self.listener = socket.socket()
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self.listener.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def begin(self, limit=None, fate="pass", act=None):
        """A new round.  After limit bytes both ways, once: act is called, and
        this round's connections meet their fate.

        pass    nothing happens
        flip    a bit of the next byte is wrong
        cut     they end
        reset   they end without a goodbye
        stall   they carry nothing more
        gone    they end, and so do new ones as soon as they are made
        silent  they carry nothing more, and new ones neither
        """
        with self.lock:
            self.round += 1
            self.limit, self.fate, self.act, self.ban = limit, fate, act, None
            self.down = self.up = self.tries = 0
            self.end_lines("cut")

    def end_lines(self, fate):
        for line in self.lines:
            line.fate = fate
        self.lines = [] if fate in ("cut", "reset") else self.lines

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                if self.listener.fileno() < 0:
                    return
                near.close()
                continue
            with self.lock:
                self.tries += 1
                line = Line(self, near, far, self.ban)
                self.lines.append(line)
            line.start()

    def count(self, line, data, is_up):
        """The bytes that still go on."""
        with self.lock:
            if line.round != self.round or line.fate is not None:
                return b""
            before = self.down + self.up
            self.up, self.down = self.up + len(data) * is_up, self.down + len(data) * (not is_up)
            if self.limit is None or before + len(data) <= self.limit:
                return data
            at, self.limit = max(0, self.limit - before), None
            if self.act is not None:
                self.act()
            if self.fate == "pass":
                return data
            if self.fate == "flip":
                return data[:at] + bytes([data[at] ^ 4]) + data[at + 1:]
            if self.fate in ("gone", "silent"):
                self.ban = {"gone": "cut", "silent": "stall"}[self.fate]
            self.end_lines(self.ban or self.fate)
            return data[:at]

    def close(self):
        self.begin()
        self.listener.close()


class Line(threading.Thread):
    """One connection and its other half."""

    def __init__(self, wire, near, far, fate):
        super().__init__(daemon=True)
        self.wire, self.near, self.far, self.fate, self.round = wire, near, far, fate, wire.round

    def run(self):
        try:
            while self.fate in (None, "stall"):
                sources = [] if self.fate else [self.near, self.far]
                for source in select.select(sources, [], [], LOOK_SECONDS)[0]:
                    data = source.recv(PIECE)
                    if not data:
                        return
                    data = self.wire.count(self, data, source is self.near)
                    (self.far if source is self.near else self.near).sendall(data)
        except OSError:
            pass
        finally:
            if self.fate == "reset":
                for end in (self.near, self.far):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.near.close()
            self.far.close()
