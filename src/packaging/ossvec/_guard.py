"""Runs a command for as long as its standard input is open.

The other end of that pipe closes with the process that holds it, however that process ends, so nothing is left behind
by tests that were killed. Ends with the command's exit code.
"""

import os
import subprocess
import sys
import threading

SECONDS_TO_STOP = 10


def stop_with_the_input(child: "subprocess.Popen[bytes]") -> None:
    # A byte says the same as the end: a forked process may still hold the pipe open.
    os.read(sys.stdin.fileno(), 1)
    child.terminate()
    try:
        child.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        child.kill()


def main() -> None:
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=stop_with_the_input, args=(child,), daemon=True).start()
    code = child.wait()
    # The thread may still be reading, which an ordinary exit would not survive on every system.
    os._exit(code if code >= 0 else 1)


if __name__ == "__main__":
    main()
