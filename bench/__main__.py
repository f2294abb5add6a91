"""Runs measurements by name, or all: each module of this folder with a `main` is one."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def main(wanted: list[str]) -> None:
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    for name in wanted or names:
        if name not in names:
            sys.exit(f"bench: there is no measurement {name}; known are {', '.join(names)}")
        measurement = importlib.import_module(f"bench.{name}")
        print(f"== {name}: {measurement.__doc__.splitlines()[0]}")
        measurement.main()
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
