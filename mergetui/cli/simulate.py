"""`mergetui simulate`: strategies, or settings, over one trace."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from mergetui.cli import simulate_text as text
from mergetui.cli import simulate_words as said
from mergetui.cli.session import DONE, NO, Failure, Session
from mergetui.repository import Repository
from mergetui.simulation.chart import svg
from mergetui.simulation.figures import HOUR, Figures, figures
from mergetui.simulation.planned import Setting, play
from mergetui.simulation.recorded import Recorded, recorded
from mergetui.simulation.strategies import WORDS, Field, Strategy, for_slots, played
from mergetui.simulation.traces import Chances, Trace, drawn

_CHANGES, _SLOTS, _BATCH = 10_000, 4, 8
_MOST = {"--changes": 1_000_000, "--slots": 1000, "--batch": 1000, "--seed": 2**31}
_DRAWN: Mapping[str, str] = {
    "rate": "80%",
    "red": "2%",
    "conflict": "1%",
    "together": "0.5%",
    "flake": "0%",
    "retest": "6m",
}
"""What is said of a drawn trace when nothing is said."""


class Order(Struct, frozen=True, kw_only=True):
    """The options as they were given; None: not given."""

    changes: int | None = None
    rate: str | None = None
    red: str | None = None
    conflict: str | None = None
    together: str | None = None
    flake: str | None = None
    retest: str | None = None
    slots: int | None = None
    seed: int | None = None
    strategy: tuple[str, ...] = ()
    batch: int | None = None
    ours: str | None = None
    from_journal: str | None = None
    what_if: str | None = None
    repo: str | None = None
    svg: Path | None = None


class _Told(Struct, frozen=True, kw_only=True):
    """What there is to say before the table, and of what the table is."""

    heading: tuple[str, ...]
    trace: Trace
    about: Mapping[str, Any]
    slots: int
    figures: Mapping[str, Figures]
    oracle: Figures


def simulate(session: Session, order: Order) -> int:
    _refuse_what_does_not_go_together(order)
    told = _what_if(session, order) if order.what_if is not None else _compared(session, order)
    if order.svg is not None:
        curves = {name.partition(",")[0]: one for name, one in told.figures.items()}
        _write(order.svg, svg(told.heading[0], curves))
    parts = (told.heading, text.table(told.figures, told.oracle), text.bars(told.figures))
    lines = [line for part in parts for line in (*part, "")]
    session.answer(
        {
            "trace": {**told.about, "changes": len(told.trace.arrivals)},
            "slots": told.slots,
            "strategies": [text.fields(name, one, told.oracle) for name, one in told.figures.items()],
        },
        *lines[:-1],
        *text.notes(told.figures, told.oracle),
    )
    flaky = told.trace.flake > 0
    return NO if any(one.breaks_a_promise(flaky=flaky) for one in told.figures.values()) else DONE


def _compared(session: Session, order: Order) -> _Told:
    slots = order.slots or _SLOTS
    ours = for_slots(slots)
    if order.ours is not None:
        ours = said.setting_of("--ours", order.ours, ours)
    field = Field(slots=slots, batch=order.batch or _BATCH, ours=ours)
    chosen = said.strategies_of(list(order.strategy))
    trace, about, heading = _trace(session, order, slots)
    told = {strategy: figures(trace, played(strategy, trace, field)) for strategy in chosen}
    named = {_name(strategy, field): one for strategy, one in told.items()}
    key = [f"{strategy}: {WORDS[strategy]}" for strategy in chosen]
    return _Told(
        heading=(f"{heading}, {slots} slots", *key),
        trace=trace,
        about=about,
        slots=slots,
        figures=named if not session.as_json else {str(strategy): one for strategy, one in told.items()},
        oracle=told[Strategy.ORACLE],
    )


def _name(strategy: Strategy, field: Field) -> str:
    match strategy:
        case Strategy.BATCH:
            return f"{strategy} of {field.batch}"
        case Strategy.OURS:
            return f"{strategy}, {said.words(field.ours)}"
        case _:
            return str(strategy)


def _trace(session: Session, order: Order, slots: int) -> tuple[Trace, Mapping[str, Any], str]:
    if order.from_journal is not None:
        found, name = _of_the_journal(session, order.from_journal), order.from_journal
        return found.trace, _about(name, found), _heading(name, found)
    chances = _chances(order, slots)
    about = {"kind": "drawn", **asdict(chances), "retest": asdict(chances.retest)}
    heading = f"{chances.changes:,} changes drawn, {chances.per_second * HOUR:.1f} per hour"
    return drawn(chances), about, f"{heading}, {100 * chances.red:.3g}% red"


def _chances(order: Order, slots: int) -> Chances:
    given = {key: getattr(order, key) or usual for key, usual in _DRAWN.items()}
    retest = said.retest_time(given["retest"])
    shares = {key: said.share_of(f"--{key}", given[key]) for key in ("red", "conflict", "together", "flake")}
    return Chances(
        changes=order.changes or _CHANGES,
        per_second=said.per_second(given["rate"], slots=slots, retest=retest),
        retest=retest,
        seed=1 if order.seed is None else order.seed,
        **shares,
    )


def _what_if(session: Session, order: Order) -> _Told:
    assert order.what_if is not None
    assert order.repo is not None
    repository = session.wiring.config.repository(order.repo)
    now = _setting(repository)
    then = said.setting_of("--what-if", order.what_if, now)
    found = _of_the_journal(session, order.repo)
    slots = order.slots or session.wiring.config.gate.slots or max(now.parallel, then.parallel)
    oracle = figures(found.trace, played(Strategy.ORACLE, found.trace, Field(slots=slots, ours=now)))
    before, after = (figures(found.trace, play(found.trace, one, slots=slots)) for one in (now, then))
    return _Told(
        heading=_verdict(_heading(order.repo, found), (now, before), (then, after)),
        trace=found.trace,
        about=_about(order.repo, found),
        slots=slots,
        figures={"oracle": oracle, f"now, {said.words(now)}": before, f"what if {said.words(then)}": after},
        oracle=oracle,
    )


def _verdict(heading: str, now: tuple[Setting, Figures], then: tuple[Setting, Figures]) -> tuple[str, str]:
    (present, before), (proposed, after) = now, then
    first, last = before.turnaround.p95, after.turnaround.p95
    word = "shorter" if last < first else "longer" if last > first else "as long"
    change = f" by {abs(last - first) / first:.0%}" if first and last != first else ""
    retests, fewer = before.retests_per_landing or 0, after.retests_per_landing or 0
    return (
        f"{heading}: {said.words(proposed)} instead of {said.words(present)}",
        f"95 of 100 would be through in {text.minutes(last)} instead of {text.minutes(first)} minutes, "
        f"{word}{change}; "
        f"{fewer:.2f} instead of {retests:.2f} retests per landing",
    )


def _of_the_journal(session: Session, name: str) -> Recorded:
    found = recorded(session.desk(name).facts())
    if not found.trace.arrivals or not found.measured:
        raise Failure(
            f"the journal of {name} tells of no change that was tested and came to an end",
            hint="without --from-journal the trace is drawn from chances",
            code="not-found",
            exit_code=NO,
        )
    return found


def _heading(name: str, found: Recorded) -> str:
    hours = (found.trace.arrivals[-1].at - found.trace.arrivals[0].at) / HOUR
    span = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} hours"
    return f"{name}, {len(found.branches):,} changes in {span}"


def _about(name: str, found: Recorded) -> Mapping[str, Any]:
    return {
        "kind": "journal",
        "repo": name,
        "began": found.began,
        "flake": found.trace.flake,
        "measured": found.measured,
        "left_out": found.left_out,
    }


def _setting(repository: Repository) -> Setting:
    return Setting(
        batch=repository.batch,
        parallel=repository.parallel,
        adaptive=repository.adaptive,
        hedge=repository.hedge,
        retries=repository.retries,
    )


def _refuse_what_does_not_go_together(order: Order) -> None:
    for option in ("--changes", "--slots", "--batch", "--seed"):
        number = getattr(order, option[2:])
        least = 0 if option == "--seed" else 1
        if number is not None and not least <= number <= _MOST[option]:
            raise Failure(f"{option} {number}: a whole number from {least} to {_MOST[option]:,}")
    if (order.what_if is None) != (order.repo is None):
        raise Failure("--what-if and --repo go together: --what-if 'batch=4 parallel=3' --repo shop")
    if order.what_if is not None and (order.from_journal or order.strategy or order.ours or order.batch):
        raise Failure(
            "--what-if compares two settings: --from-journal, --strategy, --ours, --batch do not go"
        )
    if order.what_if is not None or order.from_journal is not None:
        drawn_only = [key for key in (*_DRAWN, "changes", "seed") if getattr(order, key) is not None]
        if drawn_only:
            raise Failure(f"--{drawn_only[0]} is of a drawn trace; the journal tells its own")


def _write(path: Path, drawing: str) -> None:
    try:
        path.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise Failure(f"--svg {path}: it cannot be written: {error.strerror}") from error
