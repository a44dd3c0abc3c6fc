#!/usr/bin/env python3
"""Measures a whole load beside the official Python SDK: same file, same sink, same run, in turn.

    cargo build --release && python3 benches/end_to_end.py [--records N] [--dimension N] [--pairs N]

The sink is a server in a process of its own that takes every request at once and stores nothing, so the client is all
that is measured. Each round runs ossvec and then the others; the table gives the median of the ratios within a round. Needs
Linux or macOS and the package index, for the SDK in a virtual environment below `target`. Where there is a Go compiler,
`go_loop.go` beside this file is measured too.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "target", "end_to_end")
OSSVEC = os.path.join(ROOT, "target", "release", "ossvec")
SDK = "alibabacloud-oss-v2==1.4.1"
PARSER = "orjson==3.11.4"

SDK_LOOP = """
import json, socket, sys
import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.vectors as vectors
path, port = sys.argv[1:]
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: real("127.0.0.1", *rest, **named)
config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider("ak", "sk")
config.region, config.account_id = "cn-hangzhou", "123"
config.endpoint = f"http://localhost:{port}"
client = vectors.Client(config)
def put(batch):
    client.put_vectors(vectors.models.PutVectorsRequest(bucket="bucket", index_name="idx", vectors=batch))
batch = []
with open(path) as lines:
    for line in lines:
        batch.append(json.loads(line))
        if len(batch) == 500:
            put(batch)
            batch = []
if batch:
    put(batch)
"""

PARSE_LOOP = """
import orjson, sys
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        orjson.loads(line)
"""

INDEX = json.dumps({"index": {"dimension": 1024, "distanceMetric": "euclidean", "status": "enable"}})


class Sink:
    """Answers every request with 200 as soon as its body is in, after `latency` seconds.

    It is a process of its own: Linux counts the largest size of the process that starts another as that one's, too."""

    def __init__(self, dimension, latency=0.0):
        fresh = multiprocessing.get_context("spawn")
        self.sent = fresh.Value("Q", 0)
        here, there = fresh.Pipe()
        index = INDEX.replace("1024", str(dimension)).encode()
        fresh.Process(target=serve_sink, args=(index, latency, self.sent, there), daemon=True).start()
        self.port = here.recv()

    @property
    def bytes(self):
        return self.sent.value


def serve_sink(index, latency, sent, ready):
    Server(index, latency, sent).accept(ready)


class Server:
    """The sink in its own process."""

    def __init__(self, index, latency, sent):
        self.index, self.latency, self.sent = index, latency, sent
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        # ossvec takes a response with the ID of an earlier one for a proxy's copy.
        self.ids = itertools.count(1)

    def accept(self, ready):
        ready.send(self.listener.getsockname()[1])
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        buffer, room = b"", bytearray(4 << 20)
        while True:
            while b"\r\n\r\n" not in buffer:
                got = connection.recv(65536)
                if not got:
                    return
                buffer += got
            head, _, rest = buffer.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")), 0)
            with self.sent.get_lock():
                self.sent.value += length
            left = length - len(rest)
            while left > 0:
                got = connection.recv_into(room, min(left, len(room)))
                if not got:
                    return
                left -= got
            buffer = rest[length:]
            body = self.index if b"?getvectorindex" in head.lower() else b""
            if self.latency:
                time.sleep(self.latency)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-oss-request-id: %024X\r\n"
                               b"Content-Length: %d\r\n\r\n%b" % (next(self.ids), len(body), body))


def mebibytes(usage):
    return usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


class Run:
    """What one process took: seconds on the clock and on the processor, its largest resident size, and what it sent."""

    def __init__(self, command, env=None, sink=None):
        begun, before = time.monotonic(), sink.bytes if sink else 0
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.monotonic() - begun
        self.sent = (sink.bytes - before) / 1e6 if sink else 0
        if status:
            sys.exit(f"{command[0]} failed: {errors.decode()}")
        self.cpu = usage.ru_utime + usage.ru_stime
        # Not less than this script's own size.
        self.memory = mebibytes(usage)


def write_input(path, records, dimension):
    """Float32 values widened to double, as `json.dumps` writes what an embedding library returns."""
    if os.path.exists(path):
        return
    chance = random.Random(1)
    with open(path + ".part", "w") as out:
        for record in range(records):
            raw = struct.pack(f"{dimension}f", *(chance.gauss(0, 0.03) for _ in range(dimension)))
            numbers = list(struct.unpack(f"{dimension}f", raw))
            out.write(json.dumps({"key": f"key-{record:08}", "data": {"float32": numbers}}) + "\n")
    os.rename(path + ".part", path)


def python():
    """An interpreter that has the SDK."""
    home = os.path.join(WORK, "venv")
    interpreter = os.path.join(home, "bin", "python")
    if not os.path.exists(interpreter):
        venv.create(home, with_pip=True)
    subprocess.run([interpreter, "-m", "pip", "install", "-q", SDK, PARSER], check=True)
    return interpreter


def go_loop():
    """The program of `go_loop.go`, where there is a compiler for it."""
    if not shutil.which("go"):
        print("no Go compiler: the loop in Go is left out", file=sys.stderr)
        return None
    program = os.path.join(WORK, "go_loop")
    source = os.path.join(ROOT, "benches", "go_loop.go")
    subprocess.run(["go", "build", "-o", program, source], check=True)
    return program


def load(path, port, *options, requests=0, vectors=0):
    """The command that loads a file into the sink, without a quota unless one is given."""
    return [OSSVEC, "put-vectors", path, "--bucket", "bucket", "--index-name", "idx", "--region", "cn-hangzhou",
            "--account-id", "123", "--endpoint", f"http://127.0.0.1:{port}", "--checkpoint-dir", WORK,
            "--requests-per-second", str(requests), "--vectors-per-second", str(vectors), "-q", *options]


def row(name, ours, theirs):
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    print(f"{name:42} {statistics.median(ours):9.2f} {statistics.median(theirs):9.2f} "
          f"{statistics.median(ratios):8.3f}   {ratios[0]:.3f} to {ratios[-1]:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    path = os.path.join(WORK, f"vectors-{chosen.records}x{chosen.dimension}.jsonl")
    write_input(path, chosen.records, chosen.dimension)
    interpreter = python()
    env = {"HOME": WORK, "PATH": os.environ["PATH"], "OSS_ACCESS_KEY_ID": "ak", "OSS_ACCESS_KEY_SECRET": "sk"}
    sink = Sink(chosen.dimension)
    commands = {
        "load": load(path, sink.port),
        "python": [interpreter, "-c", SDK_LOOP, path, str(sink.port)],
        "dry run": load(path, sink.port, "--dry-run"),
        "orjson": [interpreter, "-c", PARSE_LOOP, path],
    }
    if program := go_loop():
        commands["go"] = [program, path, f"http://127.0.0.1:{sink.port}/?putVectors"]
    runs = {name: [] for name in commands}
    for turn in range(chosen.pairs + 1):
        for name, command in commands.items():
            run = Run(command, env, sink)
            if turn > 0:  # the first round warms the page cache
                runs[name].append(run)
    print(f"{chosen.records} vectors of {chosen.dimension} numbers, {os.path.getsize(path) / 1e6:.0f} MB, "
          f"{os.cpu_count()} processors, {chosen.pairs} rounds\n")
    print(f"{'':42} {'ossvec':>9} {'other':>9} {'ratio':>8}   ratios from lowest to highest")
    for figure, ours, theirs, value in [
        ("load: seconds (Python SDK)", "load", "python", lambda run: run.wall),
        ("load: processor seconds", "load", "python", lambda run: run.cpu),
        ("load: MB sent", "load", "python", lambda run: run.sent),
        ("load: MiB of memory", "load", "python", lambda run: run.memory),
        ("load: seconds (Go's standard library)", "load", "go", lambda run: run.wall),
        ("load: processor seconds", "load", "go", lambda run: run.cpu),
        ("dry run: seconds (orjson.loads)", "dry run", "orjson", lambda run: run.wall),
        ("dry run: processor seconds", "dry run", "orjson", lambda run: run.cpu),
    ]:
        if theirs in runs:
            row(figure, [value(run) for run in runs[ours]], [value(run) for run in runs[theirs]])


if __name__ == "__main__":
    main()
