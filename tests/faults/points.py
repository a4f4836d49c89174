"""Which calls of an operation are to fail: a few of them, or with --every all.

    python3 sweep_test.py --every [--memory=TURNS] [Sweep.TEST ...]

Memory is asked for so often that TURNS calls are taken, at equal distances.
"""
import errno
import json
import random
import sys
import time
import unittest

FATES = [
    *[(kind, "kill", 0) for kind in ("write", "sync", "name", "send", "answer")],
    *[("write", "errno", number) for number in (errno.ENOSPC, errno.EIO, errno.EINTR)],
    ("write", "short", 0),
    ("sync", "errno", errno.EIO), ("sync", "errno", errno.ENOSPC),
    ("name", "errno", errno.EIO), ("name", "errno", errno.ENOSPC),
    ("read", "errno", errno.EIO), ("read", "errno", errno.EINTR), ("read", "short", 0),
    ("send", "errno", errno.EINTR), ("send", "errno", errno.EPIPE), ("send", "short", 0),
    ("recv", "errno", errno.EINTR), ("recv", "errno", errno.ECONNRESET), ("recv", "short", 0),
    ("answer", "errno", errno.EINTR), ("answer", "short", 0),
    ("memory", "errno", errno.ENOMEM),
]
EVERY = "--every" in sys.argv
POINTS = 3  # of each operation, unless every one is asked for
SEED = 4
SHOW_SECONDS = 30


def memory_turns():
    found = [word.partition("=")[2] for word in sys.argv if word.startswith("--memory=")]
    return int(found[0]) if found else 40


def points(counts):
    """(class, fate, errno, turn) for so many calls of each class."""
    found = []
    for kind, fate, number in FATES:
        stride = max(1, counts[kind] // memory_turns()) if kind == "memory" else 1
        found += [(kind, fate, number, turn) for turn in range(1, counts[kind] + 1, stride)]
    return found if EVERY else random.Random(SEED).sample(found, min(len(found), POINTS))


def sweep(name, counts, meet, violations):
    """Calls meet for each point, which says whether the fault came; prints what came of it."""
    chosen = points(counts)
    began = shown = time.monotonic()
    fired = seen = 0
    for done, point in enumerate(chosen, 1):
        fired += bool(meet(*point))
        for violation in violations[seen:]:
            print(violation, file=sys.stderr, flush=True)
        seen = len(violations)
        if EVERY and time.monotonic() - shown > SHOW_SECONDS:
            shown = time.monotonic()
            print(f"{name} {done} of {len(chosen)}, {shown - began:.0f} s, {point}", file=sys.stderr, flush=True)
    print(json.dumps({"operation": name, "calls": counts, "points": len(chosen), "faults": fired,
                      "violations": len(violations), "seconds": round(time.monotonic() - began)}), flush=True)


def main():
    unittest.main(argv=[word for word in sys.argv if word != "--every" and not word.startswith("--memory=")])
