import os
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mergetui.adapters.files import remove
from tests.adapters.processes import told_by

NOBODY = 65534


def remove_what_is_closed(mode: int, answer: Connection) -> None:
    """As somebody for whom modes count; sends whether anything is left."""
    with suppress(PermissionError):
        os.setuid(NOBODY)
    with TemporaryDirectory() as place:
        closed = Path(place, "closed")
        (closed / "deep" / "er").mkdir(parents=True)
        (closed / "deep" / "er" / "file").touch()
        (closed / "deep" / "link").symlink_to(place)
        for directory in ("deep/er", "deep", "."):
            (closed / directory).chmod(mode)
        remove(closed)
        answer.send(closed.exists())


@pytest.mark.parametrize("mode", [0o500, 0o300, 0o000], ids=oct)
def test_directories_that_a_test_has_closed_are_removed_all_the_same(mode: int) -> None:
    assert told_by(remove_what_is_closed, mode) is False


def test_what_a_link_points_at_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name in ("link", "dangling"):
        remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_files_of_every_kind_and_those_that_are_gone_already_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for name in ("file", "pipe", "nothing"):
        remove(tmp_path / name)
    assert not list(tmp_path.iterdir())
