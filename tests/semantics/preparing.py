"""Claims about test frameworks: what has run, and on which instance, when a test begins."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import ClassVar

from tests.semantics.claims import claim, forever


class _Noting(unittest.IsolatedAsyncioTestCase):
    seen: ClassVar[list[str]] = []
    task: asyncio.Task[None]

    def setUp(self) -> None:
        self.seen.append("set up")

    async def asyncSetUp(self) -> None:
        self.seen.append("set up on the loop")
        self.task = asyncio.create_task(forever())

    async def test_first(self) -> None:
        self.seen.append("first")
        assert not self.task.done()

    def test_second(self) -> None:
        self.seen.append("second")
        assert not self.task.done()


@claim("unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase")
def set_up_methods_run_before_each_test_on_its_instance() -> None:
    assert unittest.case.TestCase is unittest.TestCase
    for name in ("first", "second"):
        _Noting.seen.clear()
        _Noting(f"test_{name}").debug()
        assert _Noting.seen == ["set up", "set up on the loop", name]


def _tested(program: str) -> None:
    """Run a program's tests by pytest, in a process of their own, without plugins."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "test_it.py")
        path.write_text(textwrap.dedent(program), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder)
    assert ran.returncode == 0, ran.stdout


@claim("pytest.fixture")
def a_parameter_holds_what_the_fixture_of_its_name_gives_or_yields() -> None:
    _tested(
        """
        import asyncio
        import pytest

        @pytest.fixture
        def loop():
            loop = asyncio.new_event_loop()
            yield loop
            loop.close()

        @pytest.fixture()
        def future(loop):
            return loop.create_future()

        @pytest.fixture
        def pair(future, loop):
            return future, loop

        def test_it(future, pair, loop):
            assert pair == (future, loop)
            with pytest.raises(asyncio.InvalidStateError):
                future.result()
            loop.call_soon(future.set_result, 1)
            assert loop.run_until_complete(future) == 1

        def test_a_new_one(future):
            assert not future.done()
        """
    )


@claim("builtins.object")
def set_up_of_a_class_without_a_base_runs_before_each_test() -> None:
    _tested(
        """
        class TestIt:
            def setup_method(self):
                assert not hasattr(self, "given")
                self.given = object()

            def test_first(self):
                assert self.given

            def test_second(self):
                assert self.given
        """
    )
