"""`python -m tooearly` is the command `tooearly`."""

from __future__ import annotations

import sys

from tooearly.cli import main

if __name__ == "__main__":
    sys.exit(main())
