from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.tui.line_index import LineIndex
from mergetui.tui.log_file import CHUNK, LINE_CAP, WHOLE_CAP, LogFile
from tests.tui.until import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


@contextmanager
def reading(path: Path) -> Iterator[LogFile]:
    """The file, read up to where it is now."""
    with closing(LogFile(path, poll=0.002)) as log:
        until(lambda: not path.exists() or log.size == path.stat().st_size)
        yield log


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def indexed(content: bytes, *, piece: int = 1 << 20, cap: int = 1 << 20) -> LineIndex:
    index = LineIndex(cap)
    for at in range(0, len(content), piece):
        index.add(content[at : at + piece])
    return index


def test_the_file_may_come_later(path: Path) -> None:
    with reading(path) as log:
        assert log.count == 0
        append(path, b"one\ntwo\n")
        until(lambda: log.count == 2)
        assert log.line(1) == "two"


def test_a_last_line_without_newline_is_shown_and_then_completed(path: Path) -> None:
    append(path, b"one\ntw")
    with reading(path) as log:
        assert (log.count, log.line(1), log.is_complete(1)) == (2, "tw", False)
        append(path, b"o\n")
        until(lambda: log.is_complete(1))
        assert (log.count, log.line(1)) == (2, "two")


def test_growth_is_told_by_the_generation(path: Path) -> None:
    append(path, b"one\n")
    with reading(path) as log:
        before = log.generation
        append(path, b"two\n")
        until(lambda: log.generation > before)
        assert log.count == 2


def test_a_truncated_file_starts_anew(path: Path) -> None:
    append(path, b"FAILED one\ntwo\nthree\n")
    with reading(path) as log:
        path.write_bytes(b"new\n")
        until(lambda: log.incarnation == 1 and log.count == 1)
        assert (log.line(0), list(log.errors)) == ("new", [])


def test_a_replaced_file_starts_anew_even_when_it_is_longer(path: Path) -> None:
    append(path, b"old\n")
    with reading(path) as log:
        other = path.with_suffix(".new")
        other.write_bytes(b"new one\nnew two\n")
        other.replace(path)
        until(lambda: log.incarnation == 1 and log.count == 2)
        assert log.line(0) == "new one"


def test_a_file_written_over_in_place_starts_anew(path: Path) -> None:
    append(path, b"old\n")
    with reading(path) as log:
        with path.open("r+b") as file:
            file.write(b"new\nand longer\n")
        until(lambda: log.incarnation == 1 and log.count == 2)


def test_a_removed_file_has_no_lines(path: Path) -> None:
    append(path, b"one\n")
    with reading(path) as log:
        path.unlink()
        until(lambda: log.count == 0)
        assert log.line(0) == ""


@pytest.mark.parametrize(
    ("content", "shown"),
    [(b"a\xff\xfeb\n", "a��b"), (b"\x00\x00\n", "\0\0"), ("käse\n".encode(), "käse"), (b"\n", "")],
)
def test_any_bytes_are_a_line(path: Path, content: bytes, shown: str) -> None:
    append(path, content)
    with reading(path) as log:
        assert (log.count, log.line(0)) == (1, shown)


def test_a_long_line_is_cut_and_can_be_had_whole(path: Path) -> None:
    append(path, b"x" * 3 * CHUNK + b"\nnext\n")
    with reading(path) as log:
        assert log.line(0) == "x" * LINE_CAP + "…"
        assert log.whole(0) == "x" * 3 * CHUNK
        assert log.line(1) == "next"


def test_even_the_whole_line_has_a_limit(path: Path) -> None:
    append(path, b"x" * (2 * WHOLE_CAP))
    with reading(path) as log:
        assert log.whole(0) == "x" * WHOLE_CAP + "…"


def test_of_a_long_progress_bar_the_last_state_counts(path: Path) -> None:
    append(path, b"".join(b"%7d%%\r" % step for step in range(10_000)) + b"\nnext\n")
    with reading(path) as log:
        assert log.line(0).rstrip("\r").rpartition("\r")[2].strip() == "9999%"


@pytest.mark.soak
def test_a_huge_line_without_newline_costs_no_memory(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200_000_000)
    before = psutil.Process().memory_info().rss
    with reading(path) as log:
        assert log.count == 1
        assert psutil.Process().memory_info().rss - before < 20_000_000


@pytest.mark.soak
def test_a_million_lines_take_less_than_forty_megabytes(path: Path) -> None:
    append(path, b"tests/test_shop.py::test_cart PASSED\n" * 1_000_000)
    before = psutil.Process().memory_info().rss
    with reading(path) as log:
        assert log.count == 1_000_000
        assert log.line(999_999) == "tests/test_shop.py::test_cart PASSED"
        assert psutil.Process().memory_info().rss - before < 40_000_000


def test_reading_stops_at_once_when_closed(path: Path) -> None:
    log = LogFile(path, poll=3_600)
    log.close()
    until(lambda: not log._reader.is_alive())


@pytest.mark.parametrize(
    "line",
    [
        "FAILED tests/test_cart.py::test_total - assert 1 == 2",
        "ERROR tests/test_cart.py - ImportError",
        "\x1b[31mFAILED\x1b[0m tests/test_cart.py::test_total",
        "tests/test_cart.py::test_total FAILED     [ 41%]",
        "tests/test_cart.py::test_total \x1b[31mFAILED\x1b[0m  [ 41%]",
        "E   assert 1 == 2",
        "\x1b[1m\x1b[31mE   assert 1 == 2\x1b[0m",
        "______________ test_total ______________",
        "Traceback (most recent call last):",
        "FAIL: test_total (tests.test_cart.Cart)",
        "ERROR: test_total (tests.test_cart.Cart)",
        "src/main.c:3:5: error: expected ';'",
        "src/main.c:1:10: fatal error: x.h: No such file",
        "error[E0308]: mismatched types",
        "error: could not compile `shop`",
    ],
)
def test_an_error_line_is_known(line: str) -> None:
    assert list(indexed(f"fine\n{line}\nfine\n".encode()).errors) == [1]
    assert list(indexed(line.encode()).errors) == [0]


@pytest.mark.parametrize(
    "line", ["PASSED", "0 errors", "_ _ _ _", "no error here", "FAILEDX", "terror: x", "  E   x"]
)
def test_other_lines_are_not_errors(line: str) -> None:
    assert list(indexed(f"{line}\n".encode()).errors) == []


@given(
    st.lists(
        st.sampled_from([b"", b"ok", b"FAILED x", b"E   y", b"a: error: b", b"\x1b[31mE   z"]), max_size=30
    ),
    st.integers(1, 9),
    st.sampled_from([4, 7, 1000]),
)
def test_the_index_is_the_same_however_the_bytes_come(lines: list[bytes], piece: int, cap: int) -> None:
    content = b"\n".join(lines)
    expected = [number for number, text in enumerate(lines) if text not in (b"", b"ok")]
    index = indexed(content, piece=piece, cap=cap)
    assert index.count == len(content.splitlines())
    assert list(index.errors) == expected[:cap]
    assert len(index.starts.offsets) <= cap


def test_lines_are_found_also_when_not_every_start_is_kept(path: Path) -> None:
    append(path, b"".join(b"line %d\n" % number for number in range(1_000)))
    with reading(path) as log:
        log._index = indexed(path.read_bytes(), cap=10)
        assert [log.line(number) for number in range(1_000)] == [f"line {number}" for number in range(1_000)]
        assert log.find("line 777", 0, forward=True) == 777


def test_the_next_error_comes_around_to_the_first(path: Path) -> None:
    append(path, b"E   a\nok\nE   b\n")
    with reading(path) as log:
        assert [log.error_after(line) for line in (-1, 0, 1, 2)] == [0, 2, 2, 0]
        assert [log.is_error(line) for line in range(3)] == [True, False, True]


@pytest.fixture
def haystack(path: Path) -> Path:
    lines = [b"hay %d" % number for number in range(60_000)]
    lines[100], lines[40_000] = b"a needle", b"the Needle"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize(
    ("text", "start", "forward", "line"),
    [
        ("needle", 0, True, 100),
        ("needle", 100, True, 100),
        ("needle", 101, True, 40_000),
        ("needle", 40_001, True, None),
        ("needle", 59_999, False, 40_000),
        ("needle", 39_999, False, 100),
        ("needle", 99, False, None),
        ("Needle", 0, True, 40_000),
        ("hay 59999", 0, True, 59_999),
        ("[a-z]", 0, True, None),
        ("", 0, True, None),
        ("needle", 60_000, True, None),
    ],
)
def test_a_search_finds_the_nearest_line(
    haystack: Path, *, text: str, start: int, forward: bool, line: int | None
) -> None:
    with reading(haystack) as log:
        assert log.find(text, start, forward=forward) == line


def test_a_search_looks_over_the_edges_of_what_it_reads_at_once(path: Path) -> None:
    append(path, b"x" * (CHUNK - 3) + b"needle\n" + b"y" * CHUNK + b"\n")
    with reading(path) as log:
        assert log.find("needle", 0, forward=True) == 0
        assert log.find("needle", 1, forward=False) == 0


def test_a_cancelled_search_finds_nothing(haystack: Path) -> None:
    cancelled = Event()
    cancelled.set()
    with reading(haystack) as log:
        assert log.find("needle", 0, forward=True, cancelled=cancelled) is None


def test_offsets_are_eight_bytes_each() -> None:
    assert isinstance(indexed(b"a\n").starts.offsets, array)
