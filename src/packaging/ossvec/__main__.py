"""`python -m ossvec` is `ossvec`."""

import os
import subprocess
import sys

from ossvec import program


def main() -> None:
    command = [program(), *sys.argv[1:]]
    if os.name != "nt":
        os.execv(command[0], command)
    try:
        sys.exit(subprocess.run(command).returncode)
    except KeyboardInterrupt:
        sys.exit(5)


if __name__ == "__main__":
    main()
