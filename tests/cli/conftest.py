from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.forking import Forking
from tests.cli.running import Mergetui, Stop
from tests.worlds.remote import Remote


@pytest.fixture
def bare(tmp_path: Path, forking: Forking) -> Mergetui:
    """Nothing configured yet."""
    return Mergetui(tmp_path, forking)


@pytest.fixture
def shop(bare: Mergetui, remote: Remote) -> Mergetui:
    """One repository, whose retest is green."""
    bare.configure(remote.url)
    return bare


@pytest.fixture
def stop(tmp_path: Path) -> Iterator[Stop]:
    stop = Stop(tmp_path)
    yield stop
    stop.end()
