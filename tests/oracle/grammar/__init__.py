"""The grammar: random asyncio programs, as text.

A program is a prelude (its source of chance, `work`, the helpers it uses), some scenes, and a supervisor that runs each
scene and in some runs cancels it. Each production of the grammar is a small function from (Gen, Scope) to lines; the
tables `RULES` say which there are, how often each is taken and when it makes sense. A production may ask for nested
blocks, and for a statement that reads.
"""

from .program import generate

__all__ = ["generate"]
