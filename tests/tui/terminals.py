"""Real terminals: a pseudo-terminal whose bytes are read, and a tmux of our own whose screen is."""

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess  # noqa: TID251 - programs as a person starts them
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp

from mergetui.adapters.files import remove
from tests.adapters.waiting import eventually

ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")
_A_HANDS_PATIENCE = 1.0
_CONTROLLING = 'terminal=$1; shift; exec "$@" <>"$terminal" >&0 2>&1'
"""A session's leader that opens a terminal has it for its own, and ctrl+c and job control with it."""


class Patient:
    """Whoever presses a key again when nothing happens."""

    def press(self, keys: str) -> None:
        raise NotImplementedError

    def press_until(
        self, keys: str, is_so: Callable[[], bool], *, patience: float = _A_HANDS_PATIENCE
    ) -> None:
        """As a person does who sees nothing happen: a dialog that has just opened takes no key."""

        def again() -> bool:
            self.press(keys)
            deadline = time.monotonic() + patience
            while not (seen := is_so()) and time.monotonic() < deadline:
                time.sleep(0.01)
            return seen

        eventually(again, within=30)


class Pty(Patient):
    """A program in a pseudo-terminal of 120 columns and 40 rows, which is its controlling terminal."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, directory: Path | None = None
    ) -> None:
        self._master, self._slave = pty.openpty()
        _set_size(self._slave, 120, 40)
        self.before = termios.tcgetattr(self._slave)
        os.set_blocking(self._master, False)
        self.output = b""
        # Where they are set they are believed, whatever the terminal says.
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", _CONTROLLING, "sh", os.ttyname(self._slave), *command],
            env={**kept, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", **environ},
            cwd=directory,
            start_new_session=True,
        )

    def shows(self, text: str) -> bool:
        """Whether it has been drawn by now."""
        self.read()
        return text.encode() in ESCAPES.sub(b"", self.output)

    def forget(self) -> None:
        """What was drawn so far."""
        self.read()
        self.output = b""

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def take_size(self, columns: int, rows: int) -> None:
        _set_size(self._slave, columns, rows)

    def read(self) -> None:
        try:
            while chunk := os.read(self._master, 65_536):
                self.output += chunk
        except BlockingIOError:
            return

    def has_ended(self) -> bool:
        self.read()
        return self.process.poll() is not None

    def is_as_it_was(self) -> bool:
        return termios.tcgetattr(self._slave) == self.before

    def hang_up(self) -> None:
        """The window is closed, or the connection breaks."""
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._master >= 0:
            self.hang_up()


def _set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


HAS_TMUX = shutil.which("tmux") is not None


class Tmux(Patient):
    """A tmux server of our own with one pane, in which a shell waits at its prompt."""

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        *,
        size: tuple[int, int] = (120, 40),
        term: str = "tmux-256color",
    ) -> None:
        # Not below the test's own directory: the name of a socket has a hundred characters at most.
        self._sockets = Path(mkdtemp(prefix="tmux-"))
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        self._environ = {
            **kept,
            "LC_ALL": "C.UTF-8",
            "HOME": str(directory),
            "TERM": "xterm-256color",
            "TMUX_TMPDIR": str(self._sockets),
            "ENV": str(directory / "profile"),
            "TEXTUAL_ANIMATIONS": "none",
            **environ,
        }
        (directory / "profile").write_text("PS1='ready> '\n")
        self.tell(
            "set-option", "-g", "default-terminal", term, ";", "set-option", "-g", "status", "off", start=size
        )
        eventually(lambda: self.screen().startswith("ready>"))
        self.before = self.modes()

    def type(self, command: Sequence[str]) -> None:
        """A command at the prompt."""
        self.tell("send-keys", "-l", shlex.join(command))
        self.tell("send-keys", "Enter")

    def press(self, keys: str) -> None:
        """By tmux's names, apart."""
        self.tell("send-keys", *keys.split(" "))

    def press_and_move(self, key: str) -> None:
        """To another field: what is typed before the cursor is in it goes elsewhere."""
        before = self._cursor()
        self.press(key)
        eventually(lambda: self._cursor() != before)

    def _cursor(self) -> str:
        return self.tell("display-message", "-p", "#{cursor_x},#{cursor_y}")

    def screen(self, *, colours: bool = False) -> str:
        return self.tell("capture-pane", "-p", *(["-e"] if colours else []))

    def shows(self, text: str) -> bool:
        return text in self.screen()

    def is_at_the_prompt(self) -> bool:
        return self.screen().rstrip("\n").endswith("ready>")

    def modes(self) -> tuple[str, object]:
        """What a program can leave behind: screen, cursor, mouse, keypad, wrap, title; and stty(1)'s."""
        names = ("alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag", "keypad_flag")
        more = ("keypad_cursor_flag", "wrap_flag", "insert_flag", "pane_title", "pane_dead")
        told = self.tell("display-message", "-p", " ".join(f"{n}=#{{{n}}}" for n in (*names, *more)))
        terminal = os.open(self.tell("display-message", "-p", "#{pane_tty}").strip(), os.O_RDWR | os.O_NOCTTY)
        try:
            return told, termios.tcgetattr(terminal)
        finally:
            os.close(terminal)

    def take_size(self, columns: int, rows: int) -> None:
        self.tell("resize-window", "-x", str(columns), "-y", str(rows))

    def clients(self) -> int:
        return len(self.tell("list-clients").splitlines())

    def attach(self, columns: int = 100, rows: int = 30) -> Pty:
        terminal = Pty(["tmux", "-L", "mine", "attach-session"], self._environ)
        terminal.take_size(columns, rows)
        eventually(lambda: self.clients() > 0)
        return terminal

    def tell(self, *command: str, start: tuple[int, int] | None = None) -> str:
        argv = ["tmux", "-L", "mine", "-f", "/dev/null"]
        if start is not None:
            first = ["new-session", "-d", "-x", str(start[0]), "-y", str(start[1]), "/bin/sh"]
            argv += ["start-server", ";", *command, ";", *first]
        else:
            argv += command
        ran = subprocess.run(argv, env=self._environ, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"tmux {' '.join(command)}: {ran.stderr}"
        return ran.stdout

    def close(self) -> None:
        self.tell("kill-server")
        remove(self._sockets)
