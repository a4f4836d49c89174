"""Can a stranger tell by the time of an answer what its text does not say?

    WEIGHD=… CLUSTER=… python3 -B tests/bench/alike.py [--rounds N]

Asks what must look alike in turn, in a new order each round, on one connection:
logins with a wrong password, an unknown name and an unknown address; tokens
that nobody has, that are wrong in their last letter and that were revoked; a
private model and none.  Prints for each beside the first: the ratio of the
medians; the share of pairs in which it was the slower one (Mann and Whitney's
U over the number of pairs: 0.5 is what cannot be told apart); and how many
standard deviations that is from 0.5.  Exits with 1 when a share is further from
0.5 than SHARE_MOST and that is no chance.  What ctest holds are the causes: the
same statements and the same hash (tests/http/alike_test.py).
"""
import argparse
import json
import math
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.daemon import Daemon  # noqa: E402

SHARE_MOST = 0.05
CHANCE = 4  # standard deviations
MANY = 1000000


def slower_share(ones, others):
    """In how many of all pairs the other was slower, and its deviation."""
    ranks = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    total, at = 0.0, 0
    while at < len(ranks):  # equal values share their rank
        end = at
        while end < len(ranks) and ranks[end][0] == ranks[at][0]:
            end += 1
        total += sum(kind for _, kind in ranks[at:end]) * (at + end + 1) / 2
        at = end
    n, m = len(ones), len(others)
    share = (total - m * (m + 1) / 2) / (n * m)
    return share, (share - 0.5) / math.sqrt((n + m + 1) / (12 * n * m))


class Asker:
    def __init__(self, registry):
        self.connection = registry.connect()

    def ask(self, method, path, token=None, body=None):
        """How long the answer took, in seconds, and its status."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        began = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return time.perf_counter() - began, answer.status

    def interleave(self, cases, rounds):
        """{name: times}; all have the same status."""
        times, statuses = {name: [] for name in cases}, set()
        for turn in range(rounds + rounds // 10 + 1):
            for name in random.sample(list(cases), len(cases)):
                took, status = self.ask(*cases[name])
                statuses.add(status)
                if turn > rounds // 10:  # the first ones warm up
                    times[name].append(took)
        assert len(statuses) == 1, statuses
        return times


def log_in(name):
    return "POST", "/api/tokens", None, dict(name=name, password="wrong words")


def report(title, times):
    """Prints one group; true when something in it can be told apart."""
    first, *others = times
    base = statistics.median(times[first])
    print(f"{title}\n  {first:24} {base * 1000:9.3f} ms, n {len(times[first])}")
    told = False
    for name in others:
        median = statistics.median(times[name])
        share, deviation = slower_share(times[first], times[name])
        apart = abs(share - 0.5) > SHARE_MOST and abs(deviation) > CHANCE
        told = told or apart
        print(f"  {name:24} {median * 1000:9.3f} ms, ratio {median / base:.3f}, slower in {share:.3f},"
              f" {deviation:+.1f} deviations{': TOLD APART' if apart else ''}", flush=True)
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2000)
    options = parser.parse_args()
    with Daemon(login_tries_per_account=MANY, login_tries_per_address=MANY) as registry:
        alice, bob = registry.person("alice"), registry.person("bob")
        gone = registry.person("dave")
        registry.ask("POST", "/api/repos/create", alice, dict(name="hidden", private=True))
        registry.commit("alice/hidden", alice, {"config.json": b"{}\n"})
        registry.ask("DELETE", "/api/tokens/current", gone)
        almost = bob[:-1] + ("a" if bob[-1] != "a" else "b")
        asker = Asker(registry)

        def get(path, token=None):
            return "GET", path, token
        told = report("a login, refused", asker.interleave({
            "wrong password": log_in("alice"), "unknown name": log_in("nobod"),
            "unknown address": log_in("nobody@example.org")}, max(options.rounds // 10, 20)))
        who = "/api/whoami-v2"
        told |= report("a token, refused", asker.interleave({
            "nobody's": get(who, "hf_" + "x" * 34), "wrong at its end": get(who, almost), "revoked": get(who, gone)},
            options.rounds))
        for what, path in (("its description", "/api/models/alice/%s"),
                           ("a file", "/alice/%s/resolve/main/config.json"),
                           ("its files", "/api/models/alice/%s/tree/main")):
            for reader, token in (("an account", bob), ("nobody", None)):
                told |= report(f"a private model: {what}, to {reader}", asker.interleave({
                    "none": get(path % "absent", token), "private": get(path % "hidden", token)}, options.rounds))
    return told


if __name__ == "__main__":
    sys.exit(main())
