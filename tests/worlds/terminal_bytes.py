"""What a process sends to a terminal, byte by byte, taken apart into what a terminal would make of it."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess  # noqa: TID251 - a process is met at its terminal
import sys
import termios
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from tests.adapters.waiting import eventually

_PATIENCE = 30.0
_A_HANDS_PATIENCE = 1.0
_BETWEEN_KEYS = 0.3
_ALL = "import json, sys; from mergetui.cli.main import run; [run(w) for w in json.load(open(sys.argv[1]))]"
_STRINGS = {b"P": "DCS", b"X": "SOS", b"]": "OSC", b"^": "PM", b"_": "APC"}
_CSI = re.compile(rb"\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])")
_STRING = re.compile(rb"\x1b([PX\]^_])([^\x07\x1b]*)(\x07|\x1b\\)?")
_OTHER = re.compile(rb"\x1b([ -/]*[0-~])?")
_TEXT = re.compile(rb"[^\x00-\x1f\x7f]+")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


class Piece(Struct, frozen=True):
    kind: str
    """`text`, `C0 0a`, `CSI m`, `CSI ?1049h`, `OSC 52`, `DCS`, `ESC c`, `C1 9b`, `unseen 202E` ..."""
    raw: bytes


def pieces(stream: bytes) -> list[Piece]:
    """All of `stream`, in order; what is begun and not ended is a kind of its own."""
    found, place = list[Piece](), 0
    while place < len(stream):
        taken = _piece(stream, place)
        found += taken
        place += sum(len(piece.raw) for piece in taken)
    return found


def kinds(stream: bytes) -> set[str]:
    return {piece.kind for piece in pieces(stream)}


def text_of(stream: bytes) -> str:
    """What is drawn, one thing after the other."""
    return b"".join(piece.raw for piece in pieces(stream) if piece.kind == "text").decode()


def sent_by(commands: Sequence[Sequence[str]], *, cwd: Path, env: Mapping[str, str]) -> bytes:
    """What a terminal is sent by `mergetui` commands, one after the other; one process runs them all."""
    script = cwd / "commands.json"
    script.write_text(json.dumps(commands))
    with closing(Terminal([sys.executable, "-c", _ALL, str(script)], cwd=cwd, env=env)) as terminal:
        return terminal.end()


class Terminal:
    """A process in a pseudo-terminal of 120 columns and 40 rows."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=env, start_new_session=True
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.output = b""

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def press_until(self, keys: str, is_so: Callable[[], bool]) -> None:
        """As a person does who sees nothing happen: a dialog that has just opened takes no key."""

        def again() -> bool:
            self.press(keys)
            return self._watch(is_so, _A_HANDS_PATIENCE)

        eventually(again, within=_PATIENCE)

    def press_slowly(self, *keys: str) -> None:
        """As a hand does: what comes faster is taken for a paste, and an escape for the start of a key."""
        for key in keys:
            self.press(key)
            self._watch(lambda: False, _BETWEEN_KEYS)

    def shows(self, text: str, *, since: int = 0) -> bool:
        """Whether it has been drawn by now; `since` is how much output came before."""
        self.read()
        return text in text_of(self.output[since:])

    def until(self, text: str, *, since: int = 0) -> None:
        eventually(lambda: self.shows(text, since=since), within=_PATIENCE)

    def read(self) -> None:
        # A terminal that nobody holds any more answers with an error.
        with suppress(BlockingIOError, OSError):
            while chunk := os.read(self._ours, 65_536):
                self.output += chunk

    def has_ended(self) -> bool:
        self.read()
        return self.process.poll() is not None

    def end(self) -> bytes:
        """All that it sent, once it has ended by itself."""
        eventually(self.has_ended, within=60)
        self.read()
        return self.output

    def _watch(self, is_so: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not (seen := is_so()) and time.monotonic() < deadline:
            self.read()
            time.sleep(0.01)
        return seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def _piece(stream: bytes, place: int) -> list[Piece]:
    first = stream[place]
    if first == 0x1B:
        return [_sequence(stream, place)]
    if first < 0x20 or first == 0x7F:
        return [Piece(f"C0 {first:02x}", stream[place : place + 1])]
    found = _TEXT.match(stream, place)
    assert found is not None
    return list(_drawn(found[0]))


def _sequence(stream: bytes, place: int) -> Piece:
    if found := _CSI.match(stream, place):
        marker, numbers, between, final = (part.decode() for part in found.groups())
        mode = numbers if final in "hl" else ""
        return Piece(f"CSI {marker}{mode}{between}{final}", found[0])
    if found := _STRING.match(stream, place):
        kind = _STRINGS[found[1]]
        number = found[2].partition(b";")[0].decode("ascii", "replace") if kind == "OSC" else ""
        open_end = "" if found[3] else " without an end"
        return Piece(f"{kind} {number}".rstrip() + open_end, found[0])
    found = _OTHER.match(stream, place)
    assert found is not None
    return Piece(f"ESC {(found[1] or b'').decode()}".rstrip(), found[0])


def _drawn(raw: bytes) -> Iterator[Piece]:
    """Text without C0, in runs of one kind: a terminal may obey C1, and hides or turns what is unseen."""
    run = ""
    for char in raw.decode("utf-8", "surrogateescape"):
        if unicodedata.category(char) not in _UNSEEN:
            run += char
            continue
        if run:
            yield Piece("text", run.encode())
        run = ""
        yield Piece(_unseen(char), char.encode("utf-8", "surrogateescape"))
    if run:
        yield Piece("text", run.encode())


def _unseen(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"C1 {code - 0xDC00:02x}" if code < 0xDCA0 else "no UTF-8"
    return f"C1 {code:02x}" if code < 0xA0 else f"unseen {code:04X}"
