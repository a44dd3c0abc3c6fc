#!/usr/bin/env python3
"""Measures what a load costs the machine it runs on: memory at two sizes, processor time at the quota, start-up time.

    cargo build --release && python3 benches/footprint.py [--records N] [--dimension N] [--times N]

Memory: for each form of input, a load of N vectors and one of `--times` as many, into a sink that answers at once and
into one that answers after a second; the table gives the largest resident sizes and their ratio. Needs Linux or macOS,
and below `target` room for the larger input twice.
"""

import argparse
import gzip
import itertools
import os
import statistics

from end_to_end import OSSVEC, WORK, Run, Sink, load, write_input

ENVIRONMENT = {"HOME": WORK, "PATH": os.environ["PATH"], "OSS_ACCESS_KEY_ID": "ak", "OSS_ACCESS_KEY_SECRET": "sk"}


def lines(source, times):
    """The lines of the JSON Lines file `source`, so many times over, each time with other keys."""
    for turn in range(times):
        with open(source, "rb") as records:
            for line in records:
                yield line.replace(b'"key-', b'"key-%d-' % turn, 1)


def write_jsonl(path, records):
    with open(path, "wb") as out:
        out.writelines(records)


def write_gzip(path, records):
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.writelines(records)


def write_array(path, records):
    with open(path, "wb") as out:
        separators = itertools.chain([b"[\n"], itertools.repeat(b",\n"))
        for separator, record in zip(separators, records):
            out.write(separator + record.rstrip())
        out.write(b"\n]\n")


def write_csv(path, records):
    with open(path, "wb") as out:
        out.write(b"key,vector\n")
        for record in records:
            head, _, numbers = record.rstrip().removesuffix(b"}}").partition(b'"float32": ')
            out.write(head.split(b'"')[3] + b',"' + numbers + b'"\n')


FORMS = {"vectors.jsonl": write_jsonl, "vectors.json": write_array, "vectors.csv": write_csv,
         "vectors.jsonl.gz": write_gzip}


def memory(source, times, dimension):
    """Prints for each form of input and each sink what the smaller and the larger load held at most."""
    print(f"{'memory, MiB':24} {'answers':>9} {'small':>9} {'large':>9} {'ratio':>8}")
    sinks = {"at once": Sink(dimension), "after 1 s": Sink(dimension, latency=1.0)}
    for name, write in FORMS.items():
        path = os.path.join(WORK, name)
        held = {}
        for size in (1, times):
            write(path, lines(source, size))
            for answers, sink in sinks.items():
                held[answers, size] = Run(load(path, sink.port), ENVIRONMENT).memory
            os.remove(path)
        for answers in sinks:
            small, large = held[answers, 1], held[answers, times]
            print(f"{name:24} {answers:>9} {small:9.0f} {large:9.0f} {large / small:8.2f}", flush=True)


def paced(source, dimension):
    """Prints which part of one core a load takes at the documented quota."""
    sink = Sink(dimension)
    run = Run(load(source, sink.port, requests=5, vectors=2500), ENVIRONMENT)
    print(f"at 5 requests and 2,500 vectors a second: {run.cpu / run.wall:.1%} of one core over {run.wall:.1f} s")


def start(dimension):
    """Prints what a run takes that has next to nothing to do."""
    path = os.path.join(WORK, "one.jsonl")
    with open(path, "w") as out:
        out.write('{"key": "a", "vector": [' + ", ".join(["0.5"] * dimension) + "]}\n")
    for name, command in [("--version", [OSSVEC, "--version"]),
                          ("a dry run of one vector", load(path, 9, "--dry-run"))]:
        taken = sorted(Run(command, ENVIRONMENT).wall * 1000 for _ in range(21))
        print(f"{name}: {statistics.median(taken):.1f} ms, from {taken[0]:.1f} to {taken[-1]:.1f} ms")
    os.remove(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    source = os.path.join(WORK, f"vectors-{chosen.records}x{chosen.dimension}.jsonl")
    write_input(source, chosen.records, chosen.dimension)
    start(chosen.dimension)
    paced(source, chosen.dimension)
    memory(source, chosen.times, chosen.dimension)


if __name__ == "__main__":
    main()
