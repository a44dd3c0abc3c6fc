#!/usr/bin/env python3
"""Measures two loads into two indexes of one account, which share the quota: one after the other, and concurrently.

    cargo build --release && python3 benches/two_loads.py [--rounds N] [--records N] [--dimension N]

Each round runs every way once, against a local service of its own: with the quota in force (5 requests and 2,500 vectors
a second, of all clients together) and without one. The table gives the seconds until both loads are complete, and the
part of the quota that they have used.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from end_to_end import OSSVEC, WORK, write_input

QUOTA = (5, 2500)
NONE = ["--requests-per-second", "0", "--vectors-per-second", "0"]


def share(requests, vectors):
    return ["--requests-per-second", str(requests), "--vectors-per-second", str(vectors)]


# Each way to run both loads: whether they run at once, and the options of each.
WAYS = {
    "one after the other, each at the full pace": (False, [[], []]),
    "concurrently, 2.5 requests/s each": (True, [share(2.5, 1250), share(2.5, 1250)]),
    "concurrently, 3 and 2 requests/s": (True, [share(3, 1500), share(2, 1000)]),
    "concurrently, each at the full pace": (True, [[], []]),
}
WAYS_WITHOUT_QUOTA = {
    "one after the other": (False, [NONE, NONE]),
    "concurrently": (True, [NONE, NONE]),
}


class Service:
    """A local service, which limits all its clients together."""

    def __init__(self, quota, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        limits = share(*quota) if quota else NONE
        words = [OSSVEC, "serve", "--listen", self.address, "--data-dir", folder, *limits]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"HOME": folder})

    def __enter__(self):
        host, port = self.address.split(":")
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def command(service, source, index, options):
    return [OSSVEC, "put-vectors", source, "--bucket", "local", "--index-name", index, "--create-index",
            "--distance-metric", "cosine", "--endpoint", "http://" + service.address, "--region", "cn-hangzhou",
            "--account-id", "1234567890", "-i", "local", "-k", "local", "-q", *options]


def start(load, folder):
    return subprocess.Popen(load, env={"HOME": folder}, stdout=subprocess.DEVNULL)


def measure(quota, is_at_once, options, source):
    folder = tempfile.mkdtemp(dir=WORK)
    try:
        with Service(quota, folder) as service:
            loads = [command(service, source, index, of) for index, of in zip(("one", "two"), options)]
            begun = time.monotonic()
            if is_at_once:
                codes = [process.wait() for process in [start(load, folder) for load in loads]]
            else:
                codes = [start(load, folder).wait() for load in loads]
            seconds = time.monotonic() - begun
            assert codes == [0, 0], codes
            return seconds
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=384)
    arguments = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    source = os.path.join(WORK, "two-loads-%d-%d.jsonl" % (arguments.records, arguments.dimension))
    write_input(source, arguments.records, arguments.dimension)
    for quota, ways in ((QUOTA, WAYS), (None, WAYS_WITHOUT_QUOTA)):
        seconds = {way: [] for way in ways}
        for _ in range(arguments.rounds):
            for way, (is_at_once, options) in ways.items():
                seconds[way].append(measure(quota, is_at_once, options, source))
        least = 2 * arguments.records / quota[1] if quota else None
        for way, times in seconds.items():
            middle = statistics.median(times)
            used = f" | {100 * least / middle:.0f} %" if least else ""
            print(f"| {way} | {middle:.1f} | {min(times):.1f} to {max(times):.1f}{used} |", flush=True)


if __name__ == "__main__":
    main()
