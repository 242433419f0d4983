"""Text in a given number of terminal cells."""

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def cut(text: str, width: int) -> str:
    """`text`, in at most `width` cells; an ellipsis stands for what is cut off."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells."""
    shown = cut(text, width)
    return shown + " " * (width - cell_len(shown))


def fit_with_end(text: str, end: str, width: int) -> str:
    """`text, end`; when that does not fit, what `text` says before its colon, or `end` alone."""
    room = width - cell_len(end) - 2
    short = text.partition(":")[0]
    if not text or not end or cell_len(short) > room:
        return fit(end or text, width)
    return fit(f"{text if cell_len(text) <= room else short}, {end}", width)
