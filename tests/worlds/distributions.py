"""Distributions that bring checks, as an installer leaves them: code, and metadata with entry points."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Shelf:
    """A directory on the path."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def bring(self, distribution: str, source: str, **points: str) -> None:
        """`distribution` with a module of its name; `points` are names of checks, by what is in it."""
        (self.directory / f"{distribution}.py").write_text(source)
        metadata = self.directory / f"{distribution}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = (f"{name.replace('_', '-')} = {distribution}:{thing}" for name, thing in points.items())
        (metadata / "entry_points.txt").write_text("\n".join(["[mergetui.checks]", *lines, ""]))


@contextmanager
def shelf_in(directory: Path, patch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Nothing of what was imported from it stays."""
    directory.mkdir()
    patch.syspath_prepend(directory)
    before = set(sys.modules)
    yield Shelf(directory)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(directory)):
            del sys.modules[name]
