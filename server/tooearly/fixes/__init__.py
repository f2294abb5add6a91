"""Rewrites of a read that is too early: what can be offered, is it right, and applying it."""

from tooearly.fixes.apply import apply
from tooearly.fixes.offer import offer

__all__ = ["apply", "offer"]
