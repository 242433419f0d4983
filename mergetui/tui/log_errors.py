"""Which lines of a log tell of an error: what test runners, compilers and make print."""

import re
from collections.abc import Iterator, Mapping

COLOURS = rb"(?:\x1b\[[0-9;:]{0,64}[mK])*"
"""gcc clears the rest of the line after every one."""

AT_START: Mapping[str, bytes] = {
    "pytest": rb"E   |FAILED\b|ERROR\b|_{3,} \S",
    "unittest": rb"FAIL:|ERROR:",
    "python": rb"Traceback \(most recent call last\)",
    "rustc": rb"(?:fatal )?[Ee]rror(?:\[\w{1,16}\])?" + COLOURS + rb":",
    "go": rb"FAIL\t|panic: ",
    "make": rb"g?make(?:\[\d{1,4}\])?: \*\*\* |ninja: build stopped",
}
"""By who prints it; colours may come before. What may begin with any letter is dear: it is in `WITHIN`."""

_START = rb"(?m:^)" + COLOURS

WITHIN: Mapping[str, bytes] = {
    "gcc, clang": rb":" + COLOURS + rb" " + COLOURS + rb"(?:fatal )?error(?:\[\w{1,16}\])?:",
    "tsc": rb": error TS\d{1,6}:| - " + COLOURS + rb"error" + COLOURS + rb" ?" + COLOURS + rb" ?TS\d{1,6}:",
    "ld": rb": undefined reference to ",
    "pytest -v": rb"::\S{1,200} " + COLOURS + rb"(?:FAILED|ERROR)\b",
    "unittest -v, cargo test": rb"\.\.\. " + COLOURS + rb"(?:FAILED|FAIL|ERROR)\b",
    "go test": _START + rb" {0,16}--- FAIL:",
    "go vet": _START + rb"[\w./-]{1,300}\.go:\d{1,7}:\d{1,7}: \S",
    "rust": _START + rb"thread '[^'\n]{1,200}' panicked at",
}

HINTS: Mapping[bytes, tuple[str, ...]] = {
    rb"error[:\[ \x1bT]": ("gcc, clang", "tsc"),
    rb": undefined reference to ": ("ld",),
    rb"FAIL(?:ED)?\b": ("pytest -v", "unittest -v, cargo test", "go test"),
    rb"ERROR\b": ("pytest -v", "unittest -v, cargo test"),
    rb"\.go:\d": ("go vet",),
    rb"' panicked at": ("rust",),
}
"""What stands in every line that one of these of `WITHIN` stands in: letters are found ten times as fast."""

# Lines that begin with another letter are passed over before anything is tried.
_starting = re.compile(rb"\n(?=[\x1bEFT_efgmnp])" + COLOURS + rb"(?:" + b"|".join(AT_START.values()) + rb")")
_within = [
    (re.compile(hint), re.compile(b"|".join(WITHIN[by] for by in printers)))
    for hint, printers in HINTS.items()
]


def error_spots(text: bytes) -> Iterator[int]:
    """Where in `text` there are lines that tell of an error, some of them more than once.

    The first line begins with the newline before it.
    """
    yield from (found.start() + 1 for found in _starting.finditer(text))
    for hint, containing in _within:
        yield from _hinted(hint, containing, text)


def _hinted(hint: re.Pattern[bytes], containing: re.Pattern[bytes], text: bytes) -> Iterator[int]:
    """Each line is looked at once, however often the hint is in it."""
    end = 0
    while found := hint.search(text, end):
        start = text.rfind(b"\n", end, found.start()) + 1
        end = text.find(b"\n", found.end())
        end = len(text) if end < 0 else end
        if containing.search(text, start, end):
            yield start
