from pathlib import Path

import pytest

from mergetui.adapters.mirror import Mirror
from mergetui.adapters.reading import MirrorReader
from mergetui.forecasting import Clashing, Clean, Distance, FileChange, Unrelated
from mergetui.git_ports import Seen
from mergetui.repository import Repository
from tests.worlds.remote import File, Remote
from tests.worlds.texts import lines

NOWHERE = "1" * 40
HOSTILE = "[/b]\x1b[31m\x07 --output=x \u202egnp %H $(id)"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "shop"


@pytest.fixture
def mirror(remote: Remote, cache: Path) -> Mirror:
    return Mirror(Repository(name="shop", remote=remote.url), cache)


@pytest.fixture
def reader(cache: Path) -> MirrorReader:
    return MirrorReader(cache / "mirror.git")


def fetch(mirror: Mirror) -> None:
    assert isinstance(mirror.fetch([]), Seen)


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def everything(reader: MirrorReader, tip: str, head: str) -> tuple[object, ...]:
    return (
        dict(reader.latest([head])),
        reader.distance(tip, head),
        reader.commits(tip, head),
        reader.files(tip, head),
        reader.forecast(tip, head),
    )


NOTHING: tuple[object, ...] = ({}, None, None, None, None)


def test_the_commits_of_a_branch_are_those_that_the_target_lacks(
    remote: Remote, mirror: Mirror, reader: MirrorReader
) -> None:
    first = remote.propose("feature", by="Zoë", a="1")
    head = remote.commit("feature", ["feature"], files={"b": "1"}, message="Two\n\nand a body")
    tip = remote.push(c="1")
    fetch(mirror)
    told = reader.commits(tip, head)
    assert told is not None
    assert [(c.oid, c.author, c.subject) for c in told] == [
        (head, "Ada", "Two"),
        (first, "Zoë", "feature 2"),
    ]
    assert told[0].at is not None
    assert told[1].at is not None
    assert (told[0].at - told[1].at).total_seconds() == 60
    assert reader.distance(tip, head) == Distance(ahead=2, behind=1)
    assert reader.latest([head, NOWHERE, "--all"]) == {head: told[0]}


def test_a_branch_without_commits_of_its_own_is_nothing_ahead(
    remote: Remote, mirror: Mirror, reader: MirrorReader
) -> None:
    tip = remote.push(a="1")
    fetch(mirror)
    assert everything(reader, tip, remote.first)[1:] == (Distance(ahead=0, behind=1), (), (), Clean())


def test_files_are_counted_against_where_the_branch_began(
    remote: Remote, mirror: Mirror, reader: MirrorReader
) -> None:
    remote.push(old=lines(), text="a\nb\n", gone="1\n")
    head = remote.propose(
        "feature",
        {"new name": lines(), "old": None, "logo": File(b"\0\1\2"), "gone": None, "a\tb": "x\n"},
        text="a\nc\nd\n",
    )
    tip = remote.push(elsewhere="1")
    fetch(mirror)
    told = reader.files(tip, head)
    assert told is not None
    assert sorted(told, key=lambda file: file.path) == [
        FileChange(path="a\tb", added=1, removed=0),
        FileChange(path="gone", added=0, removed=1),
        FileChange(path="logo", added=None, removed=None),
        FileChange(path="new name", before="old", added=0, removed=0),
        FileChange(path="text", added=2, removed=1),
    ]


def test_a_forecast_names_the_paths_that_clash(remote: Remote, mirror: Mirror, reader: MirrorReader) -> None:
    one = remote.propose("one", {"logo": File(b"\0\1")}, a="1", b="1")
    two = remote.propose("two", {"logo": File(b"\0\2")}, a="2", c="1")
    alien = remote.root("alien", x="1")
    tip = remote.push(b="2")
    fetch(mirror)
    assert reader.forecast(tip, one) == Clashing(("b",))
    assert reader.forecast(one, two) == Clashing(("a", "logo"))
    assert reader.forecast(tip, two) == Clean()
    assert reader.forecast(tip, alien) == Unrelated()


def test_a_forecast_sees_through_a_rename(remote: Remote, mirror: Mirror, reader: MirrorReader) -> None:
    remote.push(old=lines())
    renamed = remote.propose("renamed", new=lines({1: "ours"}), old=None)
    near = remote.propose("near", old=lines({1: "theirs"}))
    far = remote.propose("far", old=lines({9: "theirs"}))
    fetch(mirror)
    assert reader.forecast(renamed, near) == Clashing(("new",))
    assert reader.forecast(renamed, far) == Clean()


def test_words_of_authors_are_told_as_they_are_and_obeyed_by_nobody(
    remote: Remote, mirror: Mirror, reader: MirrorReader
) -> None:
    head = remote.commit("feature", ["main"], files={"a": "1"}, by=HOSTILE, message=HOSTILE)
    fetch(mirror)
    told = reader.commits(remote.first, head)
    assert told is not None
    assert [(commit.author, commit.subject) for commit in told] == [(HOSTILE, HOSTILE)]


def test_nothing_is_written_into_the_mirror(
    remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    tip = remote.push(a="2")
    fetch(mirror)
    before = contents(cache)
    assert everything(reader, tip, head)[4] == Clashing(("a",))
    assert contents(cache) == before


def test_a_mirror_that_is_not_there_knows_nothing_yet(
    remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    assert everything(reader, remote.first, head) == NOTHING
    assert not cache.exists()
    fetch(mirror)
    assert None not in everything(reader, remote.first, head)


def test_what_was_pushed_since_the_last_fetch_is_not_known_yet(
    remote: Remote, mirror: Mirror, reader: MirrorReader
) -> None:
    fetch(mirror)
    head = remote.propose("feature", a="1")
    assert everything(reader, remote.first, head) == NOTHING
    assert everything(reader, head, remote.first)[1:] == NOTHING[1:]
    fetch(mirror)
    assert None not in everything(reader, remote.first, head)


@pytest.mark.parametrize("damage", ["HEAD", "objects", "refs", ""], ids=lambda path: f"{path or 'all'} gone")
def test_a_mirror_that_is_disposed_of_or_damaged_is_an_answer(
    damage: str, remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    fetch(mirror)
    (cache / "mirror.git" / damage).rename(cache.parent / "gone")
    assert everything(reader, remote.first, head) == NOTHING


def test_torn_objects_are_no_conflict(
    remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    fetch(mirror)
    for path in [path for path in (cache / "mirror.git" / "objects").rglob("*") if path.is_file()]:
        path.chmod(0o600)
        path.write_bytes(b"torn")
    assert everything(reader, remote.first, head) == NOTHING


def test_where_histories_are_cut_off_nothing_is_counted(
    remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    fetch(mirror)
    (cache / "mirror.git" / "shallow").write_text(f"{head}\n")
    assert everything(reader, remote.first, head) == NOTHING


def test_what_was_told_once_is_not_asked_again(
    remote: Remote, mirror: Mirror, reader: MirrorReader, cache: Path
) -> None:
    head = remote.propose("feature", a="1")
    fetch(mirror)
    before = everything(reader, remote.first, head)
    (cache / "mirror.git").rename(cache / "gone")
    assert everything(reader, remote.first, head) == before


@pytest.mark.parametrize("word", ["", "main", "--output=/tmp/x", "HEAD", "^" + NOWHERE])
def test_only_object_names_reach_git(word: str, remote: Remote, mirror: Mirror, reader: MirrorReader) -> None:
    fetch(mirror)
    assert everything(reader, word, remote.first)[1:] == NOTHING[1:]
    assert everything(reader, remote.first, word) == NOTHING
