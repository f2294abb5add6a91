"""Rewrites of a read that is too early: what can be offered, is it right, and applying it.

`offer` gives the fixes of one finding, `fix_all` applies one fix of each finding, `apply` applies edits to a text.
"""

from tooearly.fixes.apply import apply
from tooearly.fixes.fix_all import Outcome, choose, fix_all
from tooearly.fixes.offer import offer
from tooearly.fixes.validate import unkept, untried, vetted

__all__ = ["Outcome", "apply", "choose", "fix_all", "offer", "unkept", "untried", "vetted"]
