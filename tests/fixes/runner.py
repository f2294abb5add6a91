"""Run programs one after the other and say how each ended.

    python runner.py < programs.json > outcomes.json

Standard library only. Input `{name: program}`, output `{name: {"printed": ..., "error": ...}}`; `error` is the name of
the exception that ended the program, with `InvalidStateError: ...` written out. Each program has a time limit.
"""

import asyncio
import contextlib
import io
import json
import logging
import re
import sys
import threading
import warnings

LIMIT = 5.0
RUNS = re.compile(r"\brun\(|\brun_until_complete\(")


def leaves(error):
    """The errors in an exception group, or the error itself."""
    return [leaf for one in getattr(error, "exceptions", ()) for leaf in leaves(one)] or [error]


def run(name, program, outcome):
    try:
        code = compile(program, name, "exec", dont_inherit=True)
        namespace = {"__name__": "__main__"}
        exec(code, namespace)
        if "main" in namespace and not RUNS.search(program):
            asyncio.run(namespace["main"]())
        outcome["error"] = ""
    except BaseException as error:
        outcome["error"] = "; ".join(f"{type(one).__name__}: {one}" for one in leaves(error))


def main():
    programs = json.load(sys.stdin)
    out, outcomes = sys.stdout, {}
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for name, program in programs.items():
        outcome = {"error": "it did not end"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            thread = threading.Thread(target=run, args=(name, program, outcome), daemon=True)
            thread.start()
            thread.join(LIMIT)
        outcomes[name] = {"printed": printed.getvalue().strip(), "error": outcome["error"]}
    json.dump(outcomes, out)


if __name__ == "__main__":
    main()
