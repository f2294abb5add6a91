"""The execution oracle: random asyncio programs, run under many schedules, judge the analyser.

`grammar` writes a program, `world` runs it on a virtual clock, `judge` compares what happened at each read with what
the analyser said, `fixing` does the same for the rewritten program, `shrink` and `case` make a mismatch small and
readable. `python -m tests.oracle --help` is the way in; `judge` and `record` explain the terms.
"""
