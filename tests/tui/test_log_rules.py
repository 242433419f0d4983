import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mergetui.tui.clipboard import osc52, wrapped_for_tmux
from mergetui.tui.heat import rows_with
from mergetui.tui.line_index import LineIndex
from mergetui.tui.log_errors import AT_START, COLOURS, WITHIN
from mergetui.tui.outside import EDITOR, PAGER, command
from mergetui.tui.progress import Progress, percent_in, progress
from mergetui.tui.wording import so_far


def errors_in(text: str) -> list[int]:
    index = LineIndex()
    index.add(text.encode())
    return list(index.errors)


@pytest.mark.parametrize(
    "line",
    [
        "FAILED tests/test_cart.py::test_total - assert 1 == 2",
        "test_total (tests.test_cart.Cart.test_total) ... FAIL",
        "test_total (tests.test_cart.Cart.test_total) ... ERROR",
        "FAIL: test_total (tests.test_cart.Cart.test_total)",
        "Traceback (most recent call last):",
        "src/main.c:3:5: error: expected ';' before 'return'",
        "\x1b[01m\x1b[Kmain.c:3:5:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kexpected ';'",
        "\x1b[1mmain.c:3:5: \x1b[0m\x1b[0;1;31merror: \x1b[0mexpected ';'",
        "clang: error: linker command failed with exit code 1 (use -v to see invocation)",
        "/usr/bin/ld: main.c:(.text+0x9): undefined reference to `total'",
        "error[E0308]: mismatched types",
        "\x1b[0m\x1b[1m\x1b[38;5;9merror[E0308]\x1b[0m\x1b[0m\x1b[1m: mismatched types\x1b[0m",
        'error: could not compile `shop` (bin "shop") due to 1 previous error',
        "test cart::total ... FAILED",
        "test cart::total ... \x1b[31mFAILED\x1b(B\x1b[m",
        "thread 'cart::total' panicked at src/cart.rs:12:9:",
        "./main.go:5:2: undefined: total",
        "--- FAIL: TestTotal (0.00s)",
        "    --- FAIL: TestTotal/empty_cart (0.00s)",
        "FAIL\texample.org/shop/cart\t0.004s",
        "panic: runtime error: index out of range [3] with length 3",
        "src/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.",
        "src/cart.ts:12:5 - error TS2322: Type 'string' is not assignable to type 'number'.",
        "\x1b[96ma.ts\x1b[0m:\x1b[93m12\x1b[0m:\x1b[93m5\x1b[0m - \x1b[91merror\x1b[0m\x1b[90m TS2322: ",
        "make: *** [Makefile:3: all] Error 2",
        "make[2]: *** No rule to make target 'x'.  Stop.",
        "ninja: build stopped: subcommand failed.",
    ],
)
def test_what_tools_print_of_an_error_is_found(line: str) -> None:
    assert errors_in(f"fine\n{line}\nfine\n") == [1]


@pytest.mark.parametrize(
    "line",
    [
        "tests/test_errors.py::test_an_error_is_told PASSED          [ 41%]",
        "============================= 3 passed, 0 errors in 0.1s ==============",
        "test_error (tests.test_cart.Cart.test_error) ... ok",
        "test errors::error ... ok",
        "src/main.c:3:5: warning: unused variable 'error' [-Wunused-variable]",
        "src/main.c:3:5: note: expected 'int'",
        "warning: unused variable: `error`",
        "0 errors generated.",
        "--- PASS: TestError (0.00s)",
        "ok  \texample.org/shop/error\t0.004s",
        "    cart_test.go:12: error is as expected",
        "Found 0 errors. Watching for file changes.",
        "make: Nothing to be done for 'all'.",
        "make[1]: Entering directory '/src/error'",
        "make: [Makefile:3: clean] Error 1 (ignored)",
        "cc -Werror -c error.c -o error.o",
        "I panicked at first",
    ],
)
def test_what_only_speaks_of_errors_does_not_count(line: str) -> None:
    assert errors_in(f"{line}\n") == []


PIECES = (
    *(
        "error",
        "error:",
        "fatal ",
        "FAIL",
        "ERROR",
        "FAILED",
        "errors",
        "panic: ",
        "make: *** ",
        "E   x",
        "::a ",
    ),
    *("... ", ": ", " - ", "TS12:", "undefined reference to ", "./a.go:5:2: x", "--- FAIL:", "FAIL\t", "\t"),
    *(
        "thread 'a' panicked at",
        "Traceback (most recent call last)",
        "___ a",
        "\x1b[31m",
        "\x1b[K",
        " ",
        "\n",
    ),
)

AT_ITS_START = re.compile(COLOURS + rb"(?:" + b"|".join(AT_START.values()) + rb")")
WITHIN_IT = re.compile(b"|".join(WITHIN.values()))


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("ninja: build stopped")
@example(": error[E1]:\n - errorTS1:")
@example("an error \n: error:")
@example("a::b\nERROR\na error\n: error:")
def test_few_lines_are_looked_at_and_every_error_is_found(text: str) -> None:
    lines = text.encode().split(b"\n")
    expected = [
        number for number, line in enumerate(lines) if AT_ITS_START.match(line) or WITHIN_IT.search(line)
    ]
    assert errors_in(text) == expected


@pytest.mark.parametrize(
    ("lines", "total", "height", "rows"),
    [
        ([], 1_000_000, 10, set()),
        ([0], 1_000_000, 10, {0}),
        ([99_999, 100_000], 1_000_000, 10, {0, 1}),
        ([999_999], 1_000_000, 10, {9}),
        ([2], 3, 10, {2}),
        ([0, 4, 9], 10, 3, {0, 1, 2}),
        ([500], 10, 3, set()),
    ],
)
def test_a_row_of_the_strip_stands_for_its_share_of_the_log(
    lines: list[int], total: int, height: int, rows: set[int]
) -> None:
    assert rows_with(lines, total=total, height=height) == rows


@pytest.mark.parametrize(
    ("lines", "percent"),
    [
        ([], None),
        (["tests/test_cart.py ......F   [ 41%]"], 41),
        (["tests/test_a.py ..", "tests/test_b.py .... [100%]"], 100),
        (["tests/test_a.py .. [  7%]  "], 7),
        (["discount [ 15%] off"], None),
        (["[999%]", "x [ 12%]"], 12),
    ],
)
def test_the_percentage_is_pytests_own(lines: list[str], percent: int | None) -> None:
    assert percent_in(lines) == percent


SIX, NINE = timedelta(minutes=6), timedelta(minutes=9)
PASSED = timedelta(minutes=4, seconds=12)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (progress(PASSED, None, None, None), "4m12s"),
        (progress(PASSED, None, SIX, NINE), "4m12s of about 6m (95% under 9m)"),
        (progress(PASSED, None, SIX, None), "4m12s, ~6m last time"),
        (progress(PASSED, 2, SIX, None), "2% · 4m12s, ~6m last time"),
        (progress(PASSED, 42, SIX, None), "42% · 4m12s of about 10m"),
        (progress(PASSED, 42, SIX, NINE), "42% · 4m12s of about 10m"),
        (progress(PASSED, 2, SIX, NINE), "2% · 4m12s of about 6m (95% under 9m)"),
        (progress(timedelta(minutes=10), None, SIX, NINE), "10m00s of about 6m (longer than 95% of them)"),
        (progress(PASSED, 100, None, None), "100% · 4m12s of about 4m"),
    ],
)
def test_progress_is_told_by_the_retest_or_by_earlier_ones(told: Progress, says: str) -> None:
    assert so_far(told) == says


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment in which `less`, `vi` and `my pager` are found, and nothing else."""
    for name in ("less", "vi", "my pager"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    return {"PATH": str(tmp_path)}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", ["less", "-R"]),
        ("less -S '-x 4'", ["less", "-S", "-x 4"]),
        ("'my pager' +G", ["my pager", "+G"]),
        ("less; touch x", "there is no program less;: set $PAGER"),
        ("nowhere -x", "there is no program nowhere: set $PAGER"),
        ("less 'x", "$PAGER cannot be read: No closing quotation: less 'x"),
    ],
)
def test_the_pager_is_words_and_the_path_is_the_last(
    programs: dict[str, str], said: str, words: list[str] | str
) -> None:
    log = Path("/logs/-x; rm.log")
    found = command(PAGER, log, {**programs, "PAGER": said})
    shown = found if isinstance(found, str) else [Path(found[0]).name, *found[1:]]
    assert shown == (words if isinstance(words, str) else [*words, str(log)])


def test_the_editor_is_another_variable(programs: dict[str, str]) -> None:
    found = command(EDITOR, Path("/logs/x.log"), {**programs, "PAGER": "less"})
    assert found == [f"{programs['PATH']}/vi", "/logs/x.log"]


def test_what_goes_through_tmux_has_its_escapes_doubled() -> None:
    assert wrapped_for_tmux(osc52("hi")) == "\x1bPtmux;\x1b\x1b]52;c;aGk=\a\x1b\\"
