"""Which lines of a log tell of an error: what test runners, compilers and make print."""

import re
from collections.abc import Mapping

COLOURS = rb"(?:\x1b\[[0-9;:]{0,64}[mK])*"
"""gcc clears the rest of the line after every one."""

AT_START: Mapping[str, bytes] = {
    "pytest": rb"E   |FAILED\b|ERROR\b|_{3,} \S",
    "unittest": rb"FAIL:|ERROR:",
    "python": rb"Traceback \(most recent call last\)",
    "rustc": rb"(?:fatal )?[Ee]rror(?:\[\w{1,16}\])?" + COLOURS + rb":|thread '[^'\n]{1,200}' panicked at",
    "go": rb" {0,16}--- FAIL:|FAIL\t|panic: |[\w./-]{1,300}\.go:\d{1,7}:\d{1,7}: \S",
    "make": rb"g?make(?:\[\d{1,4}\])?: \*\*\* |ninja: build stopped",
}
"""By who prints it; colours may come before."""

WITHIN: Mapping[str, bytes] = {
    "gcc, clang": rb":" + COLOURS + rb" " + COLOURS + rb"(?:fatal )?error(?:\[\w{1,16}\])?:",
    "tsc": rb": error TS\d{1,6}:| - " + COLOURS + rb"error" + COLOURS + rb" ?" + COLOURS + rb" ?TS\d{1,6}:",
    "ld": rb": undefined reference to ",
    "pytest -v": rb"::\S{1,200} " + COLOURS + rb"(?:FAILED|ERROR)\b",
    "unittest -v, cargo test": rb"\.\.\. " + COLOURS + rb"(?:FAILED|FAIL|ERROR)\b",
}

starting = re.compile(rb"\n" + COLOURS + rb"(?:" + b"|".join(AT_START.values()) + rb")")
"""From the newline before the line on."""
containing = re.compile(b"|".join(WITHIN.values()))
