from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.distributions import Shelf, shelf_in


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    with shelf_in(tmp_path / "site", monkeypatch) as shelf:
        yield shelf
