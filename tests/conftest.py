"""Options of the test suite."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)  # a busy machine is no fault
settings.register_profile("ci", deadline=None, derandomize=True)  # a change must not fail by the luck of another seed
settings.load_profile("ci" if os.environ.get("CI") else "here")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell has started this in the background, and so has said
    signal.signal(signal.SIGINT, signal.default_int_handler)  # that no process below it is to hear of an interrupt


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the expected renderings that differ")
