"""The share of changes that had ended after a time, a curve per strategy, as SVG by hand.

Colours come from two sets, one for light surroundings and one for dark; the viewer's own preference decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10

from mergetui.simulation.figures import Figures

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 64, 56
_LETTER = 7
_FINE = 3
"""Powers of ten up to which there is room for numbers between them."""
_STEPS = 200
"""Points of a curve."""
_LIGHT = ("#555555", "#1f6fb2", "#c2410c", "#7c3aed", "#15803d")
_DARK = ("#b0b0b0", "#6cb6ff", "#fb923c", "#c4a7ff", "#4ade80")
_DASHES = ("6 4", "", "2 3", "10 3 2 3", "")
"""Curves are told apart without their colours, too."""


def svg(title: str, told: Mapping[str, Figures]) -> str:
    """Minutes on a logarithmic axis; `told` by the strategy's name."""
    lowest, highest = _span([figures.lengths for figures in told.values()])
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style(len(told))}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="ink" x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>',
        *_axes(lowest, highest),
        *_legend(list(told)),
    ]
    for place, figures in enumerate(told.values()):
        rows.append(_curve(place, figures.lengths, lowest, highest))
    return "\n".join([*rows, "</svg>", ""])


def _style(count: int) -> str:
    light, dark = (_colours(colours, count) for colours in (_LIGHT, _DARK))
    return (
        ".ground{fill:#ffffff}.ink{fill:#222222}.grid{stroke:#dddddd}.line{fill:none;stroke-width:2}"
        f"{light}@media (prefers-color-scheme:dark)"
        f"{{.ground{{fill:#16181d}}.ink{{fill:#e6e6e6}}.grid{{stroke:#3a3d44}}{dark}}}"
    )


def _colours(colours: Sequence[str], count: int) -> str:
    return "".join(f".s{place}{{stroke:{colours[place % len(colours)]}}}" for place in range(count))


def _span(lengths: Sequence[Sequence[float]]) -> tuple[int, int]:
    """The powers of ten, in minutes, between which all of them lie."""
    ends = [length / 60 for known in lengths if known for length in (known[0], known[-1]) if length > 0]
    if not ends:
        return 0, 1
    lowest = floor(log10(min(ends)))
    return lowest, max(ceil(log10(max(ends))), lowest + 1)


def _axes(lowest: int, highest: int) -> Iterator[str]:
    for share in (0, 0.25, 0.5, 0.75, 0.95, 1):
        y = _y(share)
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield f'<text class="ink" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
    parts = (1, 2, 5) if highest - lowest <= _FINE else (1,)
    for power in range(lowest, highest + 1):
        for part in parts if power < highest else (1,):
            minutes = part * 10.0**power
            x = _x(minutes, lowest, highest)
            yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}"/>'
            yield (
                f'<text class="ink" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
                f"{minutes:,g}</text>"
            )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield (
        f'<text class="ink" x="{middle}" y="{_HEIGHT - 14}" text-anchor="middle">'
        "turnaround, minutes: from arrival to landed or sent back</text>"
    )


def _legend(names: Sequence[str]) -> Iterator[str]:
    x = _LEFT
    for place, name in enumerate(names):
        yield f'<line class="line s{place}" x1="{x}" y1="42" x2="{x + 26}" y2="42" {_dash(place)}/>'
        yield f'<text class="ink" x="{x + 32}" y="46">{escape(name)}</text>'
        x += 60 + _LETTER * len(name)


def _curve(place: int, lengths: Sequence[float], lowest: int, highest: int) -> str:
    shares = [step / _STEPS for step in range(_STEPS + 1)] if lengths else []
    points = " ".join(
        f"{_x(_at(lengths, share) / 60, lowest, highest):.1f},{_y(share):.1f}" for share in shares
    )
    return f'<polyline class="line s{place}" {_dash(place)} points="{points}"/>'


def _at(lengths: Sequence[float], share: float) -> float:
    return lengths[max(ceil(len(lengths) * share) - 1, 0)]


def _dash(place: int) -> str:
    dash = _DASHES[place % len(_DASHES)]
    return f'stroke-dasharray="{dash}"' if dash else ""


def _x(minutes: float, lowest: int, highest: int) -> float:
    part = (log10(minutes) - lowest) / (highest - lowest) if minutes > 0 else 0.0
    return _LEFT + min(max(part, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)
