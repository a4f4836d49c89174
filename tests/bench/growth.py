"""growth: what a registry of 10^3, 10^5 and 10^6 models costs a request.

    tests/database/cluster start DIR
    CLUSTER=DIR WEIGHD=build/release/weighd PYTHONPATH=. \\
        python3 -B tests/bench/growth.py [COUNT...]

Each count is a database of its own, filled by growth.sql, under a weighd of
its own.  A row is a route: the median of 100 requests on one connection, in
microseconds, and its ratio to the first count's.  A ratio above 2 is marked,
and makes the exit status 1.
"""
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


def fill(registry, count):
    """The rows of growth.sql; how long they took, in seconds."""
    (lab,), = registry.sql("SELECT id FROM account WHERE name = 'lab'")
    (reviewer,), = registry.sql("SELECT id FROM account WHERE name = 'rita'")
    (named,), = registry.sql("SELECT id FROM account WHERE name = 'nora'")
    began = time.monotonic()
    subprocess.run(
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-v", f"count={count}", "-v", f"lab={lab}",
         "-v", f"reviewer={reviewer}", "-v", f"named={named}", "-f", os.path.join(os.path.dirname(__file__), "growth.sql"),
         registry.conninfo()], check=True)
    return time.monotonic() - began


def prepare(registry):
    """One model made through the front door; the tokens of its people."""
    rita = registry.person("rita")
    gil = registry.person("gil", role="read")
    registry.person("nora")
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
    return rita, gil


def routes(rita, gil):
    """What is measured: name, method, path, token."""
    resolve = f"/{NAME}/resolve/main/weights.safetensors"
    return [
        ("HEAD resolve", "HEAD", resolve, gil),
        ("GET resolve", "GET", resolve, gil),
        ("model", "GET", f"/api/models/{NAME}", gil),
        ("list", "GET", "/api/models?limit=100", None),
        ("list, signed in", "GET", "/api/models?limit=100", gil),
        ("list by downloads", "GET", "/api/models?limit=100&sort=downloads", None),
        ("list by creation", "GET", "/api/models?limit=100&sort=createdAt&direction=1", None),
        ("list of an author", "GET", "/api/models?limit=100&author=lab", None),
        ("list of a tag", "GET", "/api/models?limit=20&filter=tag7", None),
        ("list, gated", "GET", "/api/models?limit=100&gated=true", None),
        ("a later page", "GET", None, None),
        ("site's list", "GET", "/", gil),
        ("reviewers' queue", "GET", "/api/reviews?limit=100", rita),
        ("queue, accepted", "GET", "/api/reviews?status=accepted&limit=100", rita),
        ("reviewers' page", "GET", "/reviews", rita),
        ("requests of a model", "GET", "/api/models/lab/model1/user-access-request/pending", rita),
    ]


def later_page(registry, pages=5):
    """The path of a page that links lead to."""
    path = "/api/models?limit=100"
    for _ in range(pages):
        link = registry.ask("GET", path).headers["Link"]
        path = link.split(">")[0][1 + len(registry.url):]
    return path


def measure(connection, method, path, token):
    """The median time of one request, in microseconds."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    times = []
    for _ in range(WARM_UP + REQUESTS):
        began = time.perf_counter()
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status not in (200, 302):
            raise AssertionError(f"{method} {path}: {answer.status} {answer.headers['X-Error-Message']}")
    return statistics.median(times[WARM_UP:]) * 1e6


def run(count, first):
    """One count's figures by route."""
    print(f"{count:,} models", flush=True)
    figures = {}
    with Daemon() as registry:
        people = prepare(registry)
        print(f"  generated in {fill(registry, count):.0f} s", flush=True)
        connection = registry.connect()
        for name, method, path, token in routes(*people):
            figures[name] = measure(connection, method, path or later_page(registry), token)
            ratio = figures[name] / first.get(name, figures[name])
            print(f"  {name:20} {figures[name]:9.0f} us  {ratio:6.2f}{'  !' if ratio > 2 else ''}", flush=True)
    return figures


def main():
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    first, worst = {}, 0
    for count in counts:
        figures = run(count, first)
        first = first or figures
        worst = max(worst, max(figures[name] / first[name] for name in figures))
    return worst > 2


if __name__ == "__main__":
    sys.exit(main())
