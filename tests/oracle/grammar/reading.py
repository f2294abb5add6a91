"""Productions that read plainly. A read always stands alone on its line, whatever else the production writes."""

from __future__ import annotations

from .draws import Gen, Lines, Scope, receiver

PRINTED = (
    (6, "print({r}.result())"),
    (2, "{v} = {r}.result()"),
    (1, 'print(f"{{{r}.result()}}")'),
    (1, "print({r}.exception())"),
    (1, "{r}.exception()"),
    (0.5, "print({r}.exception() is None)"),
    (0.5, "return {r}.result()"),
)


def read_of(gen: Gen, expression: str) -> Lines:
    """A statement that reads `expression`."""
    form = gen.weighted(PRINTED)
    value = gen.fresh("v") if "{v}" in form else ""
    quoted = expression.replace('"', "'") if form.startswith('print(f"') else expression
    lines = [form.format(r=quoted, v=value)]
    return [*lines, f"print({value})"] if value else lines


def plain(gen: Gen, scope: Scope) -> Lines:
    """The read alone."""
    return read_of(gen, receiver(gen, scope))


def twice(gen: Gen, scope: Scope) -> Lines:
    """Two reads in a row, of one task or of two."""
    first = receiver(gen, scope)
    second = first if gen.chance(0.4) else receiver(gen, scope)
    return [f"print({first}.result())", f"print({second}.result())"]
