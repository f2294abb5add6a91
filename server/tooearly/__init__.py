"""tooearly finds asyncio results that are read before the task is done, and rewrites them."""

__version__ = "0.1.0"
