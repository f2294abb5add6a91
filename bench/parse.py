"""What it costs to parse a document and to follow a keystroke, beside a plain `ast.parse` in the same run.

Run as `python -m bench parse`. The text is made here: functions with an asyncio flavour, every fifth time a class of
four methods. Times are CPU milliseconds of this process, the median of many rounds; trust the ratios.
"""

from __future__ import annotations

import ast
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "server"))

from tooearly.source.lines import line_starts
from tooearly.source.tree import ParseMemory, parse

FUNCTION = '''\
async def function_{i}(jobs, limit=1.0):
    """Run the jobs of round {i}, and wait for them."""
    tasks = [asyncio.create_task(job(limit, {i})) for job in jobs]
    done, pending = await asyncio.wait(tasks, timeout=limit)
    for task in done:
        if task.exception() is None and task.result() > {i}:
            print(f"{{task}} gave {{task.result():>10}}")
    return [task.result() for task in tasks if task not in pending]


'''


def document(lines: int) -> str:
    """About this many lines of Python."""
    parts, count, i = ["import asyncio\n\n\n"], 3, 0
    while count < lines:
        part = FUNCTION.format(i=i)
        if i % 5 == 0:
            body = "".join(f"    {line}" if line.strip() else line for line in (part * 4).splitlines(keepends=True))
            part = f"class Group{i}:\n    limit: float = {i}\n\n{body}"
        parts.append(part)
        count += part.count("\n")
        i += 1
    return "".join(parts)


def cost(run: Callable[[str], object], text: str, rounds: int) -> float:
    """The median CPU time in milliseconds of a call with the text."""
    times = []
    for _ in range(rounds):
        began = time.process_time_ns()
        run(text)
        times.append((time.process_time_ns() - began) / 1e6)
    return statistics.median(times)


def keystrokes(text: str, typed: str, rounds: int) -> float:
    """The median cost of one more character of `typed`, at places all over the text."""
    chooser = random.Random(1)
    places = [place for place in range(len(text)) if text.startswith("    tasks = ", place)]
    memory = ParseMemory()
    parse(text, memory)
    times = []
    for _ in range(rounds):
        place = text.index("\n", chooser.choice(places))
        for length in range(1, len(typed) + 1):
            state = text[:place] + typed[:length] + text[place:]
            began = time.process_time_ns()
            parse(state, memory)
            times.append((time.process_time_ns() - began) / 1e6)
        parse(text, memory)
    return statistics.median(times)


def main() -> None:
    header = f"{'lines':>7} {'ast.parse':>10} {'no gc':>8} {'cold':>8} {'edit':>8} {'open (':>8} {'line index':>11}"
    print(header)
    for lines in (1_000, 10_000):
        text = document(lines)
        rounds = 20_000 // lines
        whole = cost(ast.parse, text, rounds)
        gc.disable()
        resting = cost(ast.parse, text, rounds)
        gc.enable()
        cold = cost(parse, text, rounds)
        edit = keystrokes(text, " # one more", 8)
        broken = keystrokes(text, "; task.foo(x, [y", 8)
        index = cost(line_starts, text, 20)
        print(f"{lines:>7} {whole:>10.1f} {resting:>8.1f} {cold:>8.1f} {edit:>8.2f} {broken:>8.2f} {index:>11.2f}")


if __name__ == "__main__":
    main()
