"""`size`: a change is small enough to be understood."""

from mergetui.checks.check import Answer, Check, CheckView, Pass, Refuses


class Size(Check, frozen=True, kw_only=True):
    lines: int | None = None
    """Added and removed together."""
    files: int | None = None

    def __post_init__(self) -> None:
        if self.lines is None and self.files is None:
            raise ValueError("'lines' or 'files' is missing; it says how large a change may be")
        for key, most in (("lines", self.lines), ("files", self.files)):
            if most is not None and most < 1:
                raise ValueError(f"{key} = {most}; allowed: 1 or more")

    def ask(self, view: CheckView) -> Answer:
        changes = view.changes()
        lines, files = changes.lines, len(changes.files)
        if self.files is not None and (files > self.files or changes.is_cut):
            return Refuses(f"it changes {_more(files, cut=changes.is_cut)} files; at most {self.files}")
        if self.lines is not None and (lines > self.lines or changes.is_cut):
            return Refuses(f"it changes {_more(lines, cut=changes.is_cut)} lines; at most {self.lines}")
        return Pass()


def _more(number: int, *, cut: bool) -> str:
    return f"more than {number}" if cut else str(number)
