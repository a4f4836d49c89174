"""A daemon whose calls to the system fail when a test says so.

INTERPOSE names the library (interpose.c); its struct plan is what arm writes.
"""
import mmap
import os
import socket
import struct
import time

from tests.daemon import Daemon

CLASSES = ("write", "sync", "name", "send", "answer", "read", "recv", "memory", "hash")
FATES = ("kill", "errno", "short")
HEAD = struct.Struct("IIIiII")
COUNTS = struct.Struct("9I")


class Interposed(Daemon):
    def __enter__(self):
        path = os.path.join(self.folder, "plan")
        with open(path, "w+b") as file:
            file.truncate(HEAD.size + COUNTS.size)
            self.plan = mmap.mmap(file.fileno(), 0)
        os.chmod(path, 0o600)
        self.plan_path = path
        return super().__enter__()

    def environment(self):
        found = super().environment()
        return dict(found, FAULTS=self.plan_path, LD_PRELOAD=os.environ["INTERPOSE"],
                    ASAN_OPTIONS=found["ASAN_OPTIONS"] + ":verify_asan_link_order=0")

    def stop(self, *how):
        """A killed parent's child goes after it, and its sockets with it."""
        status = super().stop(*how)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                time.sleep(0.005)
            except ConnectionError:
                return status

    def arm(self, kind="write", fate="kill", number=0, turn=0):
        """From now on the turn-th call of the kind meets its fate."""
        COUNTS.pack_into(self.plan, HEAD.size, *[0] * len(CLASSES))
        HEAD.pack_into(self.plan, 0, 0, CLASSES.index(kind), FATES.index(fate), number, turn, 0)
        struct.pack_into("I", self.plan, 0, 1)

    def disarm(self):
        """Whether the fate came, and how many calls of each kind there were."""
        struct.pack_into("I", self.plan, 0, 0)
        fired = HEAD.unpack_from(self.plan)[5]
        return fired, dict(zip(CLASSES, COUNTS.unpack_from(self.plan, HEAD.size)))

    def fired(self):
        return HEAD.unpack_from(self.plan)[5]
