"""An emergency goes ahead of everything: alone, and judged by its own command.

What is known of a candidate counts only where the same command said it: nothing lands on the word of the
reduced one but the emergency itself.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mergetui.model import Entry
from mergetui.prospects import in_line
from mergetui.repository import Repository
from mergetui.view import Policy, Trial, Verdict, View


def first_emergency(view: View) -> Entry | None:
    """The one that is served now; None while there is none, or while what there is has to wait.

    One that cannot begin, for the repository is paused or frozen or its remote is down, interrupts nobody.
    """
    return next((entry for entry in _emergencies(view) if _can_begin(entry, view)), None)


def at_hand(view: View, policy: Policy) -> View:
    """What the plan is made from: the emergency alone, or the queue without those that have to wait."""
    first = first_emergency(view)
    if first is None:
        running = any(trial.verdict is Verdict.RUNNING for trial in view.trials)
        steps_aside = is_paused(view) or (running and view.trouble is not None)
        queue = tuple(e for e in view.queue if not (steps_aside and e.emergency is not None))
        return replace(view, queue=queue, trials=tuple(_said_by(view.trials, reduced=False)))
    reduced = policy.has_reduced_command
    return replace(
        view,
        queue=(first,),
        trials=tuple(_said_by(view.trials, reduced=reduced)),
        pause=None if _goes_through_pauses(first) else view.pause,
        frozen=None if _goes_through_pauses(first) else view.frozen,
        unanswered=view.unanswered & {first.id},
        # Its own command is run, whatever was said before: that is what the operator was told.
        passed={},
        reduced=reduced,
    )


def is_paused(view: View) -> bool:
    return view.pause is not None and view.pause.holds(view.now)


def no_emergencies(repository: Repository) -> str | None:
    """Why there are none in the repository, and the mend; None where there are."""
    where = f"[repos.{repository.name}]"
    if not repository.enabled:
        return f"{where} enabled = false: it lands without a retest; queue it with --priority urgent"
    if repository.emergency_retest is None:
        return f"{where} 'emergency_retest' is missing: set it to the command that judges an emergency"
    return None


def _emergencies(view: View) -> Iterator[Entry]:
    return (entry for entry in in_line(view) if entry.emergency is not None)


def _can_begin(entry: Entry, view: View) -> bool:
    is_held_up = (is_paused(view) or view.frozen is not None) and not _goes_through_pauses(entry)
    return _is_on_trial(entry, view) or not (is_held_up or view.trouble is not None)


def _goes_through_pauses(entry: Entry) -> bool:
    return entry.emergency is not None and entry.emergency.through_pause


def _is_on_trial(entry: Entry, view: View) -> bool:
    return any(trial.reduced and trial.candidate.entries == (entry.id,) for trial in view.trials)


def _said_by(trials: tuple[Trial, ...], *, reduced: bool) -> Iterator[Trial]:
    """Of another command's word only the commit is left; what runs under it is left out, and stopped."""
    for trial in trials:
        if trial.reduced == reduced or trial.verdict is Verdict.BUILT:
            yield trial
        elif trial.verdict is not Verdict.RUNNING:
            yield Trial(trial.candidate, Verdict.BUILT)
