"""`ossvec serve` as an object: started, ready, and stopped at the end."""

from __future__ import annotations

import collections
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

from ossvec import _guard
from ossvec._program import program

if TYPE_CHECKING:
    from alibabacloud_oss_v2 import vectors
    from alibabacloud_oss_v2.config import Config

_LAST_LINES = 200
_FIXED = {"--listen", "--data-dir", "--region", "--account-id", "--access-key-id", "--access-key-secret"}
_ADDRESS = re.compile(r" at (http://[^\s,]+),")


def _names(options: tuple[str, ...]) -> set[str]:
    return {str(option).split("=")[0] for option in options}


class Service:
    """A local OSS Vectors service on a free port of this machine, with a directory of its own.

    It is running once the object exists, and ends with `stop()`, at the end of a `with` block, or with this process,
    even if that is killed. Its quota is unlimited unless `options` say otherwise.

    options: further options of `ossvec serve`, such as "--fault", "op=PutVectors,nth=1,status=503".
    data_dir: where the data stays; without it, in a temporary directory that goes with the service.
    """

    bucket = "local"
    region = "cn-hangzhou"
    account_id = "1234567890"
    access_key_id = "local"
    access_key_secret = "local"

    def __init__(self, *options: str, data_dir: str | os.PathLike[str] | None = None) -> None:
        if fixed := _names(options) & _FIXED:
            raise ValueError(f"{', '.join(sorted(fixed))}: the service chooses that itself")
        self._is_temporary = data_dir is None
        self.data_dir = tempfile.mkdtemp(prefix="ossvec-") if data_dir is None else os.fspath(data_dir)
        self._lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._listener: threading.Thread | None = None
        self._process = self._start(options)
        self.endpoint = self._ready()
        # Whatever else it says is read, so that it never waits for a reader.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _start(self, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
        serve = [program(), "serve", "--listen", "127.0.0.1:0", "--data-dir", self.data_dir]
        unlimited = ["--requests-per-second=0", "--vectors-per-second=0"]
        serve += [option for option in unlimited if option.split("=")[0] not in _names(options)]
        guard = [sys.executable, "-I", "-S", _guard.__file__, *serve, *map(str, options)]
        # Ctrl-C is for the tests: they may still need the service to end well.
        own: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {"start_new_session": True}
        )
        return subprocess.Popen(
            guard, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0, **own
        )

    def _ready(self) -> str:
        while line := self._process.stderr.readline().decode(errors="replace"):
            self._lines.append(line)
            if found := _ADDRESS.search(line):
                return found[1]
        said = self.log
        self.stop()
        raise RuntimeError(f"ossvec serve did not start: {said.strip()}")

    def _listen(self) -> None:
        for line in iter(self._process.stderr.readline, b""):
            self._lines.append(line.decode(errors="replace"))

    @property
    def log(self) -> str:
        """The last lines that the service has printed."""
        return "".join(self._lines)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the variables that make this service the one that ossvec loads into."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("OSS_")}
        return {
            **others,
            "OSS_ENDPOINT": self.endpoint,
            "OSS_REGION": self.region,
            "OSS_ACCOUNT_ID": self.account_id,
            "OSS_ACCESS_KEY_ID": self.access_key_id,
            "OSS_ACCESS_KEY_SECRET": self.access_key_secret,
        }

    def run(self, *arguments: object, check: bool = True, **named: Any) -> subprocess.CompletedProcess[str]:
        """Runs `ossvec` on these arguments against this service; what it prints is in `stdout` and `stderr`.

        An exit code other than 0 raises `subprocess.CalledProcessError` unless `check` is false. `put-vectors` loads
        into the bucket "local" unless `--bucket` names another.
        """
        command = [program(), *map(str, arguments)]
        is_load = command[1:2] in (["put-vectors"], ["put"])
        if is_load and not any(word.split("=")[0] == "--bucket" for word in command):
            command[2:2] = ["--bucket", self.bucket]
        settings: dict[str, Any] = {
            "env": self.environment,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "encoding": "utf-8",
        }
        done = subprocess.run(command, **{**settings, **named})
        if check and done.returncode != 0:
            sys.stderr.write(done.stderr or "")
            done.check_returncode()
        return done

    def client_config(self) -> Config:
        """A configuration of the official SDK, `alibabacloud-oss-v2`, for this service."""
        import alibabacloud_oss_v2 as oss

        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            self.access_key_id, self.access_key_secret
        )
        config.region = self.region
        config.account_id = self.account_id
        config.endpoint = self.endpoint.replace("127.0.0.1", "localhost")
        # The SDK puts the bucket into the host's name, which need not resolve where the service is the proxy.
        config.proxy_host = {"http": self.endpoint}
        return config

    def client(self) -> vectors.Client:
        """A client of the official SDK for this service."""
        from alibabacloud_oss_v2 import vectors

        return vectors.Client(self.client_config())

    def stop(self) -> None:
        """Stops the service; what it has answered with success stays in `data_dir`, unless that is temporary."""
        process = self._process
        process = self._process
        if not process.stdin.closed:
            with contextlib.suppress(OSError):  # It may have ended by itself.
                process.stdin.write(b"\n")
            process.stdin.close()
        process.wait()
        if self._listener is not None:
            self._listener.join()
        process.stderr.close()
        if self._is_temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
