"""Runs the real weigh with a home of its own."""

import json
import os
import pty
import select
import shutil
import subprocess
import tempfile
import time
import unittest

WEIGH = os.environ.get("WEIGH", "weigh")


class Case(unittest.TestCase):
    """A test with a home that is removed at the end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weigh-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "WEIGH_HOME": os.path.join(self.folder, "weigh"),
            "HF_HOME": os.path.join(self.folder, "hf"),
            "NO_PROXY": "*",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [WEIGH, *arguments], env=dict(self.environment,
                                          **options.pop("env", {})),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **options)

    def weigh(self, *arguments, status=0, **options):
        """Runs to the end, checks the exit status, gives the output."""
        feed = options.pop("input", None)
        if feed is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        out, err = process.communicate(feed, timeout=300)
        self.assertEqual(process.returncode, status,
                         "%s\n%s%s" % (arguments, out, err))
        self.stderr = err
        return out

    def json(self, *arguments, **options):
        return json.loads(self.weigh(*arguments, "--json", **options))

    def at_terminal(self, *arguments, talk=(), status=0, env=None):
        """Runs at a terminal of its own; talk is (what appears, what is
        typed then) in order.  Gives all that appeared."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [WEIGH, *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
            env=dict(self.environment, TERM="dumb", **(env or {})))
        os.close(theirs)
        try:
            text = self.converse(ours, list(talk))
        finally:
            os.close(ours)
        self.assertEqual(process.wait(60), status, text)
        return text

    def converse(self, terminal, talk):
        text, unread, end = "", "", time.monotonic() + 60
        while time.monotonic() < end:
            if talk and talk[0][0] in unread:
                unread = unread.split(talk[0][0], 1)[1]
                os.write(terminal, talk.pop(0)[1].encode())
            if not select.select([terminal], [], [], 0.05)[0]:
                continue
            try:
                piece = os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
            text += piece
            unread += piece
        self.assertEqual(talk, [], text)
        return text
