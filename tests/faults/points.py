"""Which calls of an operation are to fail: a few of them, or with --every all.

    python3 sweep_test.py --every [--memory=TURNS] [--part=I/N] [--class=CLASS] [Sweep.TEST ...]

Memory is asked for so often that TURNS calls are taken, at equal distances.
A part is every Nth point from the Ith, which counts from 1.
"""
import errno
import json
import random
import sys
import time
import unittest

# Those that a program must bear come last: interrupted calls, and transfers in part.
FATES = [
    *[(kind, "kill", 0) for kind in ("write", "sync", "name", "send", "answer")],
    *[(kind, "errno", number) for kind in ("write", "sync", "name") for number in (errno.ENOSPC, errno.EIO)],
    ("read", "errno", errno.EIO), ("send", "errno", errno.EPIPE), ("recv", "errno", errno.ECONNRESET),
    ("memory", "errno", errno.ENOMEM),
    *[(kind, "errno", errno.EINTR) for kind in ("write", "read", "send", "recv", "answer")],
    *[(kind, "short", 0) for kind in ("write", "read", "send", "recv", "answer")],
]
EVERY = "--every" in sys.argv
POINTS = 3  # of each operation, unless every one is asked for
SEED = 4
SHOW_SECONDS = 30


def option(name, default):
    found = [word.partition("=")[2] for word in sys.argv if word.startswith(f"--{name}=")]
    return found[0] if found else default


def points(counts, always, few):
    """(class, fate, errno, turn) for so many calls of each class; always are in every run."""
    found = []
    memory_turns = int(option("memory", 40))
    first, _, parts = option("part", "1/1").partition("/")
    for kind, fate, number in FATES:
        if kind != option("class", kind):
            continue
        stride = max(1, counts[kind] // memory_turns) if kind == "memory" else 1
        found += [(kind, fate, number, turn) for turn in range(1, counts[kind] + 1, stride)]
    if EVERY:
        return found[int(first) - 1::int(parts)]
    return [*always, *random.Random(SEED).sample(found, min(len(found), few))]


def sweep(name, counts, meet, violations, always=(), few=POINTS):
    """Calls meet for each point, which says whether the fault came; prints what came of it."""
    chosen = points(counts, always, few)
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


def meeting(name, plan, act, check, violations):
    """For sweep: what becomes of an operation that is called and looked at with one fault in it."""
    def meet(*point):
        plan.arm(*point)
        done = act()
        fired = plan.disarm()[0]
        try:
            check(done)
        except AssertionError as error:
            violations.append(f"{name} {point}: {error}")
        return fired

    return meet


def main():
    ours = ("--every", "--memory=", "--part=", "--class=")
    unittest.main(argv=[word for word in sys.argv if not word.startswith(ours)])
