import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tinydb import TinyDB

from mergetui.adapters.generations import (
    LARGEST,
    NOWHERE,
    GenerationStorage,
    SupersededError,
    damaged_of,
    load,
    previous_of,
    save,
    stamp_of,
)
from mergetui.adapters.sealing import SCHEMA, Header, Tables, pack
from mergetui.ports import StoreError

FIRST: Tables = {"entries": {"e1": {"branch": "one"}}}
SECOND: Tables = {"entries": {"e1": {"branch": "one"}, "e2": {"branch": "two"}}}
THIRD: Tables = {"entries": {}}

FOREIGN = {
    "an empty object": b"{}",
    "a list": b"[]\n",
    "TinyDB's own file": b'{"_default": {"1": {"a": 1}}}',
    "another header": b'{"format":"otherthing-state","schema":1}\n{}',
    "prose": "Grüße\n".encode(),
}


def store(path: Path, tables: Tables) -> None:
    storage = GenerationStorage(path)
    storage.write(tables)
    storage.commit()


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def sealed(body: bytes) -> bytes:
    """A file of the second generation with this body and a checksum that matches."""
    header = Header(schema=SCHEMA, generation=2, sha256="", length=len(body))
    digest = hashlib.sha256(msgspec.json.encode(header) + b"\n" + body).hexdigest()
    return msgspec.json.encode(msgspec.structs.replace(header, sha256=digest)) + b"\n" + body


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in its second generation."""
    path = tmp_path / "queue.json"
    store(path, FIRST)
    store(path, SECOND)
    return path


def test_without_a_file_there_are_no_tables(tmp_path: Path) -> None:
    loaded = load(tmp_path / "queue.json")
    assert (loaded.tables, loaded.generation, loaded.stamp) == ({}, 0, NOWHERE)


def test_what_was_committed_is_loaded_again(file: Path) -> None:
    loaded = load(file)
    assert (loaded.tables, loaded.generation, loaded.damage) == (SECOND, 2, None)
    assert loaded.stamp == stamp_of(file)


def test_the_header_says_what_the_file_is(file: Path) -> None:
    line, _, body = file.read_bytes().partition(b"\n")
    header = json.loads(line)
    assert list(header) == ["format", "schema", "generation", "sha256", "length"]
    assert (header["format"], header["generation"], header["length"]) == ("mergetui-state", 2, len(body))
    assert json.loads(body) == SECOND


def test_the_generation_before_is_kept(file: Path) -> None:
    assert load(previous_of(file)).tables == FIRST


def test_nobody_else_can_read_the_files(file: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}


def test_many_operations_of_tinydb_are_one_generation(file: Path) -> None:
    storage = GenerationStorage(file)
    with TinyDB(storage=lambda: storage) as database:
        numbers = database.table("numbers")
        numbers.insert_multiple({"number": number} for number in range(10))
        numbers.remove(doc_ids=[1, 2])
        assert load(file).generation == 2
        storage.commit()
    assert load(file).generation == 3
    assert len(load(file).tables["numbers"]) == 8


def test_nothing_written_is_nothing_stored(file: Path) -> None:
    before = files(file)
    GenerationStorage(file).commit()
    assert files(file) == before


@pytest.mark.fault(12)
def test_any_flipped_bit_serves_the_previous_generation(file: Path) -> None:
    sound = file.read_bytes()
    for bit in range(8 * len(sound)):
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        loaded = load(file)
        assert (loaded.tables, loaded.generation) == (FIRST, 1), bit
        assert loaded.damage == "is damaged (its checksum does not match)", bit


@pytest.mark.fault(12)
def test_a_file_torn_anywhere_serves_the_previous_generation(file: Path) -> None:
    sound = file.read_bytes()
    for length in range(len(sound)):
        file.write_bytes(sound[:length])
        assert load(file).tables == FIRST, length


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(512),
        bytes(4096) + pack(SECOND, generation=2),
        pack(SECOND, generation=2) + b" ",
        pack(SECOND, generation=2)[:-40] + bytes(40),
        bytes(range(256)) * 8,
        pack({"entries": 5}, generation=2),  # type: ignore[dict-item]
        pack([], generation=2),  # type: ignore[arg-type]
        sealed(b'{"singles":{"lease":{"token":NaN}}}'),
        sealed(b'{"singles":{"lease":{"token":1e999}}}'),
    ],
    ids=[
        "empty",
        "NULs",
        "NULs before",
        "more",
        "NULs at the end",
        "garbage",
        "not rows",
        "not tables",
        "no number",
        "a number beyond all numbers",
    ],
)
def test_a_damaged_file_serves_the_previous_generation(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    loaded = load(file)
    assert (loaded.tables, loaded.stamp) == (FIRST, stamp_of(file))
    assert loaded.damage is not None


@pytest.mark.fault(12)
def test_a_deleted_file_serves_the_previous_generation(file: Path) -> None:
    file.unlink()
    loaded = load(file)
    assert (loaded.tables, loaded.stamp, loaded.damage) == (FIRST, NOWHERE, "is missing")


def test_reading_leaves_a_damaged_file_where_it_is(file: Path) -> None:
    file.write_bytes(b"")
    before = files(file)
    load(file)
    assert files(file) == before


@pytest.mark.fault(12)
def test_a_commit_sets_the_damaged_file_aside_and_keeps_the_sound_generation(file: Path) -> None:
    damaged = file.read_bytes()[:-1]
    file.write_bytes(damaged)
    store(file, THIRD)
    assert [path.read_bytes() for path in damaged_of(file)] == [damaged]
    assert load(file).tables == THIRD
    assert load(previous_of(file)).tables == FIRST


@pytest.mark.fault(12)
def test_every_damaged_file_is_kept(file: Path) -> None:
    file.write_bytes(b"")
    store(file, SECOND)
    file.write_bytes(bytes(9))
    store(file, THIRD)
    assert [path.read_bytes() for path in damaged_of(file)] == [b"", bytes(9)]


@pytest.mark.fault(12)
def test_a_commit_after_a_deletion_keeps_the_sound_generation(file: Path) -> None:
    file.unlink()
    store(file, THIRD)
    assert (load(file).tables, load(previous_of(file)).tables) == (THIRD, FIRST)


@pytest.mark.fault(12)
@pytest.mark.parametrize("previous", [b"", bytes(100), pack(FIRST, generation=1)[:-1]])
def test_with_both_generations_damaged_nothing_is_served_or_touched(file: Path, previous: bytes) -> None:
    file.write_bytes(b"")
    previous_of(file).write_bytes(previous)
    before = files(file)
    with pytest.raises(StoreError, match=r"queue\.json is damaged.*queue\.json\.prev is damaged.*move both"):
        GenerationStorage(file)
    assert files(file) == before


@pytest.mark.fault(12)
def test_a_first_generation_that_is_damaged_is_not_taken_for_an_empty_queue(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    path.write_bytes(b"")
    with pytest.raises(StoreError, match=r"is damaged \(it is empty\), and queue\.json\.prev is missing"):
        load(path)


@pytest.mark.fault(12)
def test_a_newer_schema_is_refused_and_untouched(file: Path) -> None:
    file.write_bytes(pack(SECOND, generation=3, schema=2))
    before = files(file)
    with pytest.raises(StoreError, match=r"queue\.json was written by a newer mergetui \(schema 2"):
        GenerationStorage(file)
    assert files(file) == before


@pytest.mark.fault(12)
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_refused_and_untouched(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    before = files(file)
    with pytest.raises(StoreError, match=r"queue\.json was not written by mergetui .* move it away"):
        GenerationStorage(file)
    assert files(file) == before


@pytest.mark.fault(12)
def test_a_file_beyond_the_limit_is_not_read(file: Path) -> None:
    os.truncate(file, LARGEST + 1)
    with pytest.raises(StoreError, match=f"has {LARGEST + 1} bytes, {LARGEST} are allowed"):
        load(file)


def test_a_file_beyond_the_limit_is_not_written(file: Path) -> None:
    before = files(file)
    with pytest.raises(StoreError, match="999 are allowed"):
        save(file, {"entries": {"e1": "x" * 999}}, after=load(file), largest=999)
    assert files(file) == before


@pytest.mark.fault(12)
def test_a_named_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    os.mkfifo(path)
    with pytest.raises(StoreError, match="not a regular file"):
        load(path)


@pytest.mark.fault(12)
def test_a_directory_in_its_place_is_refused_and_untouched(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "kept").touch()
    with pytest.raises(StoreError, match=r"queue\.json is not a regular file: move it away"):
        GenerationStorage(file)
    assert [path.name for path in file.iterdir()] == ["kept"]


@pytest.mark.fault(12)
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a directory", "a named pipe"])
def test_a_damaged_file_beside_a_previous_one_that_is_no_file_is_refused(
    file: Path, make: Callable[[Path], None]
) -> None:
    file.write_bytes(b"")
    previous_of(file).unlink()
    make(previous_of(file))
    with pytest.raises(StoreError, match=r"queue\.json\.prev is not a regular file: move it away"):
        GenerationStorage(file)
    assert file.read_bytes() == b""


@pytest.mark.fault(12)
def test_a_sound_file_is_served_whatever_became_of_the_previous_one(file: Path) -> None:
    sound = previous_of(file).read_bytes()
    for length in range(len(sound)):
        previous_of(file).write_bytes(sound[:length])
        loaded = load(file)
        assert (loaded.tables, loaded.damage) == (SECOND, None), length


def test_a_file_that_was_replaced_meanwhile_is_not_overwritten(file: Path) -> None:
    late = GenerationStorage(file)
    late.write(FIRST)
    store(file, THIRD)
    before = files(file)
    with pytest.raises(SupersededError):
        late.commit()
    assert files(file) == before


def test_a_file_that_was_deleted_meanwhile_is_loaded_anew(file: Path) -> None:
    late = GenerationStorage(file)
    late.write(FIRST)
    file.unlink()
    with pytest.raises(SupersededError):
        late.commit()


def test_what_killed_writers_left_is_swept_away(file: Path) -> None:
    (file.parent / "queue.json.abc.tmp").write_bytes(b"half")
    (file.parent / "queue.json.prev.tmp").write_bytes(b"half")
    store(file, THIRD)
    assert set(files(file)) == {"queue.json", "queue.json.prev"}


def test_a_writer_killed_right_before_its_last_step_leaves_nothing_in_the_way(file: Path) -> None:
    previous_of(file).unlink()
    previous_of(file).hardlink_to(file)
    store(file, THIRD)
    assert set(files(file)) == {"queue.json", "queue.json.prev"}
    assert (load(file).tables, load(previous_of(file)).tables) == (THIRD, SECOND)


def test_no_two_generations_have_the_same_stamp(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    stamps = set()
    for number in range(100):
        store(path, {"counters": {"it": {"is": number % 10}}})
        stamps.add(stamp_of(path)[::2])
    assert len(stamps) == 100


def test_a_clock_that_went_back_does_not_bring_a_stamp_back(file: Path) -> None:
    tomorrow = stamp_of(file)[0] + 86_400 * 10**9
    os.utime(file, ns=(tomorrow, tomorrow))
    store(file, THIRD)
    assert stamp_of(file)[0] > tomorrow


def test_a_commit_that_fails_leaves_the_generation_and_no_litter(file: Path) -> None:
    previous_of(file).unlink()
    previous_of(file).mkdir()
    with pytest.raises(IsADirectoryError):
        store(file, THIRD)
    assert load(file).tables == SECOND
    assert {path.name for path in file.parent.glob("*.tmp")} <= {"queue.json.prev.tmp"}


def test_the_schema_is_the_one_that_is_written(file: Path) -> None:
    assert json.loads(file.read_bytes().partition(b"\n")[0])["schema"] == SCHEMA
