"""How the console says what is stored: glyphs and words, ages, reasons; all of it cleaned."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from mergetui import cleaning
from mergetui.actions import Why
from mergetui.events import Broken, Ended, Event, HandedOver, PauseEnded, Recovered, RetestEnded, TakenBack
from mergetui.model import Entry, EntryState, Instant
from mergetui.queueing import rest_of
from mergetui.reason import Coded, HeldBack
from mergetui.state import Advance, Pause
from mergetui.tui.bridge import Picture
from mergetui.tui.key_table import DEFAULT_KEYS, Bound
from mergetui.tui.listed import Listed
from mergetui.tui.progress import Progress, progress

if TYPE_CHECKING:
    from mergetui.statistics import Outcome

SHORT = 7
"""Digits of a commit that are shown."""
STALE_AFTER = 3
"""Fetch intervals after which what is shown of the remote counts as old."""


class Badge(NamedTuple):
    """State is a glyph and a word, never colour alone."""

    glyph: str
    word: str
    tone: str
    """`accent`, `good`, `warn`, `bad`, `plain` or `faint`: a colour that only underlines it."""


BADGES = {
    EntryState.QUEUED: Badge("·", "queued", "faint"),
    EntryState.CATCHING_UP: Badge("⟳", "catching up", "accent"),
    EntryState.TESTING: Badge("▶", "testing", "accent"),
    EntryState.LANDING: Badge("⇡", "landing", "good"),
    EntryState.AWAITING_MERGE: Badge("◇", "awaits merge", "accent"),
    EntryState.DEFERRED: Badge("↻", "deferred", "warn"),
    EntryState.HELD: Badge("‖", "held", "warn"),
    EntryState.SENT_BACK: Badge("✗", "sent back", "bad"),
}

OUTCOMES: "Mapping[Outcome, Badge]" = {
    "landed": Badge("✓", "landed", "good"),
    "sent-back": Badge("✗", "sent back", "bad"),
    "deferred": Badge("↻", "deferred", "warn"),
    "held": Badge("‖", "held", "warn"),
    "dequeued": Badge("−", "dequeued", "faint"),
    "broken": Badge("!", "broken", "bad"),
}
"""What a run ended as."""


def span(length: timedelta) -> str:
    """`40s`, `4m12s`, `1h05m`, `3d04h`; a negative one is none at all."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24:02}h"
    if hours:
        return f"{hours}h{minutes % 60:02}m"
    return f"{minutes}m{seconds % 60:02}s" if minutes else f"{seconds}s"


def countdown(length: timedelta) -> str:
    """`0:20`, `1:24`, `1:02:03`."""
    seconds = max(int(length.total_seconds()), 0)
    hours, minutes, left = seconds // 3600, seconds % 3600 // 60, seconds % 60
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def roughly(length: timedelta) -> str:
    """`~40s`, `~6m`."""
    seconds = int(length.total_seconds())
    return f"~{seconds}s" if seconds < 60 else f"~{round(seconds / 60)}m"


def so_far(progress: Progress) -> str:
    """`41% · 4m12s of about 10m`; by earlier runs `4m of about 6m (95% under 9m)`, `4m, ~6m last time`."""
    percent = f"{progress.percent}% · " if progress.percent is not None else ""
    if progress.is_last and progress.about is not None:
        return f"{percent}{span(progress.elapsed)}, {roughly(progress.about)} last time"
    about = f" of about {roughly(progress.about)[1:]}" if progress.about is not None else ""
    if progress.under is None:
        return f"{percent}{span(progress.elapsed)}{about}"
    under = roughly(progress.under)[1:]
    late = "longer than 95% of them" if progress.elapsed > progress.under else f"95% under {under}"
    return f"{percent}{span(progress.elapsed)}{about} ({late})"


def words(reason: Coded) -> str:
    """`conflict: setup.cfg, src/app.py`."""
    told = cleaning.name(reason.detail)
    return reason.code.replace("-", " ") + (f": {told}" if told else "")


def told(entry: Entry, now: Instant, usual: timedelta | None, percent: int | None = None) -> tuple[str, str]:
    """What there is to say of the entry beside its state, and an end to it that is never cut.

    `percent` is how far its retest says it is.
    """
    since = span(now - entry.state_since) if entry.state_since else ""
    match entry.state:
        case EntryState.QUEUED if entry.held_back is not None:
            return waiting(entry.held_back), ""
        case EntryState.QUEUED:
            return _queued(entry), ""
        case EntryState.TESTING if entry.state_since is not None:
            again = f"again, {entry.doubts} red" if entry.doubts else ""
            return briefly(progress(now - entry.state_since, percent, usual, None)), again
        case EntryState.DEFERRED:
            again = f"again in {countdown(entry.available_at - now)}" if entry.available_at else ""
            return words(entry.reason) if entry.reason else "", again
        case EntryState.HELD | EntryState.SENT_BACK:
            return words(entry.reason) if entry.reason else "", ""
        case _:
            return since, ""


def waiting(held: HeldBack) -> str:
    """`waits for size: it changes too much`."""
    return cleaning.name(f"waits for {held.check}: {held.reason}")


def briefly(how_far: Progress) -> str:
    """`41% · 4m12s / ~10m`."""
    percent = f"{how_far.percent}% · " if how_far.percent is not None else ""
    about = f" / {roughly(how_far.about)}" if how_far.about is not None else ""
    return f"{percent}{span(how_far.elapsed)}{about}"


def _queued(entry: Entry) -> str:
    stack = f"stack of {len(entry.branches)}" if len(entry.branches) > 1 else ""
    behind = "" if entry.behind is None else f"{entry.behind} behind" if entry.behind else "up to date"
    again = f"try {entry.attempts + 1}" if entry.attempts else ""
    return " · ".join(part for part in (stack, behind, again) if part)


def standing_of(picture: Picture, listed: Listed, now: Instant) -> Badge:
    """One glyph and a word or two for a whole repository."""
    state, moving, total = picture.state, listed.moving, len(listed.queue)
    flying = listed.flying[0] if listed.flying else None
    if picture.standing.stopped_itself:
        return Badge("✗", "stopped", "bad")
    if state.seen is not None and state.seen.trouble is not None:
        return Badge("!", "remote down", "warn")
    paused = state.pause if state.pause is not None and state.pause.holds(now) else None
    if flying is not None and paused is not None:
        return Badge("‖", f"drains, {len(rest_of(state).branches)} left", "warn")
    if flying is not None:
        badge = BADGES[flying.state]
        return badge._replace(word=span(now - flying.state_since)) if flying.state_since else badge
    if paused is not None:
        return Badge("‖", cleaning.name(paused.reason) or "paused", "warn")
    if state.frozen is not None and moving:
        return Badge("‖", cleaning.name(state.frozen.reason) or "frozen", "warn")
    if moving:
        return Badge("·", f"{moving} queued", "plain")
    return Badge("✗", f"{total} stuck", "bad") if total else Badge("✓", "idle", "faint")


def advanced_elsewhere(picture: Picture) -> Advance | None:
    """Who else works on it, while this console's own engine does not."""
    others = picture.worked_on_elsewhere is not None and picture.standing.mode is None
    return picture.state.advance if others else None


def age_of_sight(picture: Picture, now: Instant) -> timedelta | None:
    """How old what is known of the remote is; None while that is no cause for doubt."""
    seen = picture.state.seen
    if seen is None:
        return None
    age = now - seen.at
    doubtful = seen.trouble is not None or age > STALE_AFTER * picture.repository.fetch_interval
    return age if doubtful else None


def notices(picture: Picture, keys: Bound = DEFAULT_KEYS) -> list[str]:
    """What stays on the screen until it is over, one line each."""
    name, seen, auto = picture.name, picture.state.seen, keys.shown("auto")
    told = [f"{name}: {line}" for line in (picture.notice or "").splitlines()]
    if picture.standing.stopped_itself is not None:
        told.append(f"{name} stopped advancing: {picture.standing.stopped_itself} · {auto} resumes")
    elif picture.standing.ending is not None:
        told.append(f"{name} stops after what runs: {picture.standing.ending} · {auto} goes on")
    elif picture.wait is not None and picture.wait.why in (Why.BROKEN, Why.NO_ROOM):
        told.append(f"{name}: {picture.wait.why}: {picture.wait.detail}")
    if seen is not None and seen.trouble is not None:
        told.append(f"{name}: the remote cannot be reached: {seen.trouble}")
    return [_clean(line) for line in told]


def missing(repository: str, why: str) -> str:
    """Of a repository whose stored state cannot be read: what is shown of it is old."""
    return _clean(f"{repository} cannot be read, what is shown is old: {why}")


def emergencies(picture: Picture) -> tuple[str, ...]:
    """Entries that go ahead of everything, one line each."""
    return tuple(
        _clean(f"{picture.name}: {entry.branch} is {entry.state.replace('-', ' ')}, {entry.emergency!s}")
        for entry in picture.state.entries.values()
        if entry.emergency is not None and not entry.state.needs_a_person
    )


def pauses(picture: Picture, keys: Bound = DEFAULT_KEYS) -> tuple[str, ...]:
    """The pause that holds at this moment, in a line, if there is one."""
    pause = picture.state.pause
    if pause is None or not pause.holds(picture.taken_at):
        return ()
    left = len(rest_of(picture.state).branches)
    draining = f"draining, {left} left; " if left else ""
    return (_clean(f"{picture.name}: {draining}{pause!s} · {keys.shown('pause')} resumes"),)


def _clean(line: str) -> str:
    return cleaning.name(cleaning.redact(line))


def news(event: Event) -> tuple[str, bool] | None:
    """A fact worth a toast, and whether it is a good one; None for all the others."""
    match event:
        case Ended(run=run) if run.outcome == "landed":
            return f"{event.repo}: {names(run.branches)} landed", True
        case Ended(run=run) if run.outcome in ("sent-back", "held"):
            why = f": {words(run.reason)}" if run.reason else ""
            return f"{event.repo}: {names(run.branches)} {run.outcome.replace('-', ' ')}{why}", False
        case HandedOver(branches=branches):
            return f"{event.repo}: {names(branches)} is green and waits to be merged", True
        case TakenBack(branches=branches):
            return f"{event.repo}: {names(branches)} cannot be merged as it was tested any more", False
        case RetestEnded(reason=None) if event.reds:
            return f"{event.repo}: {names(event.branches)} passed after {event.reds} red: a flake", False
        case PauseEnded(by_time=True, pause=Pause(reason=reason)):
            return f"{event.repo}: the time of the pause is over: {cleaning.name(reason)}", True
        case Broken(detail=detail) | Recovered(detail=detail):
            return f"{event.repo}: {cleaning.name(detail)}", False
        case _:
            return None


def names(branches: Iterable[str]) -> str:
    return cleaning.name(", ".join(branches))


def short(commit: str | None) -> str:
    return cleaning.name(commit[:SHORT]) if commit else "-" * SHORT
