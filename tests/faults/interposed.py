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
HEAD = struct.Struct("IIIiIII")
# Kills lose no page cache, so a disk would only take its time.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
COUNTS = struct.Struct(f"{len(CLASSES)}I")


class Plan:
    """What a process with the library and its children share: who is to fail, and when."""

    def __init__(self, path, is_parents=False):
        self.path = path
        self.is_parents = is_parents  # the process itself, not its children
        with open(path, "w+b") as file:
            file.truncate(HEAD.size + COUNTS.size)
            self.words = mmap.mmap(file.fileno(), 0)
        os.chmod(path, 0o600)

    def environment(self, found):
        return dict(found, FAULTS=self.path, LD_PRELOAD=os.environ["INTERPOSE"],
                    ASAN_OPTIONS=found.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    def arm(self, kind="write", fate="kill", number=0, turn=0):
        """From now on the turn-th call of the kind meets its fate."""
        COUNTS.pack_into(self.words, HEAD.size, *[0] * len(CLASSES))
        HEAD.pack_into(self.words, 0, 0, CLASSES.index(kind), FATES.index(fate), number, self.is_parents, turn, 0)
        struct.pack_into("I", self.words, 0, 1)

    def disarm(self):
        """Whether the fate came, and how many calls of each kind there were."""
        struct.pack_into("I", self.words, 0, 0)
        return self.fired(), dict(zip(CLASSES, COUNTS.unpack_from(self.words, HEAD.size)))

    def fired(self):
        return HEAD.unpack_from(self.words)[6]


class Interposed(Daemon):
    place = MEMORY

    def __init__(self, is_parents=False, **settings):
        super().__init__(**settings)
        self.plan = Plan(os.path.join(self.folder, "plan"), is_parents)

    def environment(self):
        return self.plan.environment(super().environment())

    def stop(self, *how):
        """A killed parent's child goes after it, and its sockets with it."""
        status = super().stop(*how)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                time.sleep(0.005)
            except ConnectionError:
                return status
