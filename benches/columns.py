#!/usr/bin/env python3
"""Measures Parquet input: a dry run beside pyarrow and `json.dumps` of each row, and a load beside one of JSON Lines.

    cargo build --release && python3 benches/columns.py [--records N] [--dimension N] [--pairs N] [--load-records N]

The dry run and pyarrow read the same file of `--records` vectors, one process each, in turn. The loads read the same
`--load-records` vectors, as Parquet and as JSON Lines, into the sink of `end_to_end.py`. Needs the package index, for
pyarrow in a virtual environment below `target`.
"""

import argparse
import os
import subprocess
import venv

import end_to_end
from end_to_end import OSSVEC, Run, Sink, load

WORK = os.path.join(end_to_end.ROOT, "target", "columns")
PACKAGES = ["pyarrow==26.0.1", "numpy"]

WRITE = """
import json, os, sys
import numpy, pyarrow, pyarrow.parquet
path, records, dimension, lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
chance, group = numpy.random.default_rng(1), 10_000
schema = pyarrow.schema([("id", pyarrow.string()), ("vector", pyarrow.list_(pyarrow.float32()))])
text = open(lines[0] + ".part", "w") if lines else None
with pyarrow.parquet.ParquetWriter(path + ".part", schema, compression="zstd") as out:
    for start in range(0, records, group):
        count = min(group, records - start)
        numbers = (chance.standard_normal((count, dimension), dtype=numpy.float32) * numpy.float32(0.03))
        ends = numpy.arange(0, count * dimension + 1, dimension, dtype=numpy.int32)
        vectors = pyarrow.ListArray.from_arrays(pyarrow.array(ends), pyarrow.array(numbers.ravel()))
        keys = [f"key-{record:08}" for record in range(start, start + count)]
        out.write_table(pyarrow.table({"id": keys, "vector": vectors}, schema=schema), row_group_size=group)
        for key, vector in zip(keys, numbers) if text else ():
            text.write(json.dumps({"key": key, "data": {"float32": vector.tolist()}}) + "\\n")
if text:
    text.close()
    os.rename(lines[0] + ".part", lines[0])
os.rename(path + ".part", path)
"""

DUMP = """
import json, sys
import pyarrow.parquet
for batch in pyarrow.parquet.ParquetFile(sys.argv[1]).iter_batches(batch_size=1000):
    for key, vector in zip(batch["id"].to_pylist(), batch["vector"].to_pylist()):
        json.dumps({"key": key, "data": {"float32": vector}})
"""


def python():
    """An interpreter that has pyarrow."""
    home = os.path.join(WORK, "venv")
    interpreter = os.path.join(home, "bin", "python")
    if not os.path.exists(interpreter):
        venv.create(home, with_pip=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return interpreter


def write(interpreter, path, records, dimension, *lines):
    if not all(map(os.path.exists, (path, *lines))):
        subprocess.run([interpreter, "-c", WRITE, path, str(records), str(dimension), *lines], check=True)


def in_turn(commands, pairs, env, sink=None):
    """Runs of each command; a first round that warms the page cache does not count."""
    rounds = [[Run(command, env, sink) for command in commands] for _ in range(pairs + 1)]
    return list(zip(*rounds[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--load-records", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--pairs", type=int, default=3)
    chosen = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    interpreter = python()

    def of(records, ending):
        return os.path.join(WORK, f"vectors-{records}x{chosen.dimension}.{ending}")

    whole, part = of(chosen.records, "parquet"), of(chosen.load_records, "part.parquet")
    lines = of(chosen.load_records, "jsonl")
    write(interpreter, whole, chosen.records, chosen.dimension)
    write(interpreter, part, chosen.load_records, chosen.dimension, lines)
    env = {"HOME": WORK, "PATH": os.environ["PATH"], "OSS_ACCESS_KEY_ID": "ak", "OSS_ACCESS_KEY_SECRET": "sk"}
    sink = Sink(chosen.dimension)
    dry, dumped = in_turn([load(whole, sink.port, "--dry-run"), [interpreter, "-c", DUMP, whole]], chosen.pairs, env)
    columns, text = in_turn([load(part, sink.port), load(lines, sink.port)], chosen.pairs, env, sink)
    print(f"{chosen.records} vectors of {chosen.dimension} numbers in {os.path.getsize(whole) / 1e6:.0f} MB of Parquet; "
          f"{os.cpu_count()} processors, {chosen.pairs} rounds\n")
    print(f"{'':42} {'ossvec':>9} {'other':>9} {'ratio':>8}   ratios from lowest to highest")
    for figure, value in [("seconds", lambda run: run.wall), ("processor seconds", lambda run: run.cpu),
                          ("MiB of memory", lambda run: run.memory)]:
        end_to_end.row(f"dry run: {figure} (pyarrow, json.dumps)", list(map(value, dry)), list(map(value, dumped)))
    print(f"\nloads of {chosen.load_records} vectors into the sink")
    print(f"{'':42} {'Parquet':>9} {'JSONL':>9} {'ratio':>8}   ratios from lowest to highest")
    for figure, value in [("seconds", lambda run: run.wall), ("processor seconds", lambda run: run.cpu),
                          ("MiB of memory", lambda run: run.memory)]:
        end_to_end.row(f"load: {figure}", list(map(value, columns)), list(map(value, text)))


if __name__ == "__main__":
    main()
