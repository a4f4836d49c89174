"""growth: what a registry of 10^3, 10^5 and 10^6 models costs a request.

    tests/database/cluster start DIR
    CLUSTER=DIR WEIGHD=build/release/weighd PYTHONPATH=. \\
        python3 -B tests/bench/growth.py [--passes N] [COUNT...]

Each count is a database of its own, filled by growth.sql, under a weighd of
its own; all run at once, and a request goes to each in turn, so that what else
the machine does falls on all alike.  A row is a route: the median of 100
requests on one connection, in microseconds, the least of the passes, and its
ratio to the first count's.  A ratio above 2 is marked, and makes the exit
status 1.
"""
import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time

from tests.daemon import Daemon

REQUESTS = 100
WARM_UP = 20  # past PostgreSQL's choice between custom and generic plans
COUNTS = [1_000, 100_000, 1_000_000]
NAME = "lab/measured"
NEWEST = "/api/models?limit=100"


def prepare(registry):
    """One model made through the front door; the tokens of its people."""
    people = dict(rita=registry.person("rita"), gil=registry.person("gil", role="read"), nora=registry.person("nora"))
    rita = people["rita"]
    registry.organization("lab", "rita:admin")
    steps = [
        registry.create(NAME, rita),
        registry.commit(NAME, rita, {"weights.safetensors": registry.upload(NAME, rita, b"\2" + bytes(7) + b"{}")}),
        registry.ask("PUT", f"/api/models/{NAME}/settings", rita, dict(gated="manual")),
        registry.ask("POST", f"/api/models/{NAME}/user-access-request/grant", rita, dict(user="gil")),
    ]
    for answer in steps:
        if answer.status != 200:
            raise AssertionError(answer)
    return people


def fill(registry, count):
    """The rows of growth.sql."""
    began = time.monotonic()
    words = ["-v", f"count={count}"]
    for variable, name in {"lab": "lab", "reviewer": "rita", "named": "nora"}.items():
        (account,), = registry.sql(f"SELECT id FROM account WHERE name = '{name}'")
        words += ["-v", f"{variable}={account}"]
    subprocess.run(
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *words, "-f",
         os.path.join(os.path.dirname(__file__), "growth.sql"), registry.conninfo()], check=True)
    print(f"{count:,} models generated in {time.monotonic() - began:.0f} s", flush=True)


def routes():
    """What is measured: name, method, path, whose token."""
    resolve = f"/{NAME}/resolve/main/weights.safetensors"
    return [
        ("HEAD resolve", "HEAD", resolve, "gil"),
        ("GET resolve", "GET", resolve, "gil"),
        ("model", "GET", f"/api/models/{NAME}", "gil"),
        ("model's page", "GET", f"/{NAME}", "gil"),
        ("gate of a model", "GET", "/api/models/lab/model1/gate", "gil"),
        ("list", "GET", NEWEST, None),
        ("list, signed in", "GET", NEWEST, "gil"),
        ("list, a later page", "GET", later_page, None),
        ("list by downloads", "GET", NEWEST + "&sort=downloads", None),
        ("list by likes", "GET", NEWEST + "&sort=likes", None),
        ("list by creation", "GET", NEWEST + "&sort=createdAt&direction=1", None),
        ("list of an author", "GET", NEWEST + "&author=lab", None),
        ("list of one's own", "GET", NEWEST + "&author=lab", "rita"),
        ("list of a tag", "GET", "/api/models?limit=20&filter=tag7", None),
        ("list, gated", "GET", NEWEST + "&gated=true", None),
        ("search for one", "GET", NEWEST + "&search=Measured", None),
        ("search for all", "GET", NEWEST + "&search=model", None),
        ("site's list", "GET", "/", "gil"),
        ("queue of an owner", "GET", "/api/reviews?limit=50", "rita"),
        ("queue, accepted", "GET", "/api/reviews?status=accepted&limit=50", "rita"),
        ("queue of a reviewer", "GET", "/api/reviews?limit=50", "nora"),
        ("queue's page", "GET", "/reviews", "rita"),
        ("queue of a model", "GET", "/api/models/lab/model1/user-access-request/pending?limit=50", "rita"),
        ("one's own requests", "GET", "/api/settings/gated-repos", "gil"),
        ("metrics", "GET", "/metrics", None),
    ]


def later_page(registry, pages=5):
    """The path of a page that links lead to."""
    path = NEWEST
    for _ in range(pages):
        link = registry.ask("GET", path).headers["Link"]
        path = link.split(">")[0][1 + len(registry.url):]
    return path


def ask(connection, method, path, token):
    """How long one request takes, in seconds."""
    began = time.perf_counter()
    connection.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status not in (200, 302):
        raise AssertionError(f"{method} {path}: {answer.status} {answer.headers['X-Error-Message']}")
    return took


def measure(registries, method, path, who):
    """The median time of one request at each registry, in microseconds."""
    times = [[] for _ in registries]
    asked = [(registry.connect(), method, path(registry) if callable(path) else path, people.get(who))
             for registry, people in registries]
    for _ in range(WARM_UP + REQUESTS):
        for i, question in enumerate(asked):
            times[i].append(ask(*question))
    for connection, *_ in asked:
        connection.close()
    return [statistics.median(row[WARM_UP:]) * 1e6 for row in times]


def show(name, figures):
    ratios = [figure / figures[0] for figure in figures]
    cells = [f"{figure:9.0f} us {ratio:5.2f}{'!' if ratio > 2 else ' '}" for figure, ratio in zip(figures, ratios)]
    print(f"{name:20}" + "".join(cells), flush=True)
    return max(ratios)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("counts", type=int, nargs="*", metavar="COUNT")
    options = parser.parse_args()
    least = {}
    with contextlib.ExitStack() as stack:
        registries = []
        for count in options.counts or COUNTS:
            registry = stack.enter_context(Daemon())
            registries.append((registry, prepare(registry)))
            fill(registry, count)
        for _ in range(options.passes):
            for name, *question in routes():
                figures = measure(registries, *question)
                least[name] = list(map(min, figures, least.get(name, figures)))
    print(f"{'':20}" + "".join(f"{count:>18,} " for count in options.counts or COUNTS))
    return max(show(name, figures) for name, figures in least.items()) > 2


if __name__ == "__main__":
    sys.exit(main())
