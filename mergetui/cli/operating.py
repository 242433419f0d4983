"""The commands of who stops and hurries: `pause`, `resume`, `drain`, `emergency`."""

from typing import Annotated

import typer

from mergetui.cli import emergencies, pausing
from mergetui.cli.session import Failure, Session

_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept and shown.")]
_Name = Annotated[str | None, typer.Argument(metavar="REPO", help="A configured repository.")]
_Every = Annotated[bool, typer.Option("--all", help="Every configured repository.")]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339, or how long: 2h.")]


def pause(
    context: typer.Context,
    *,
    reason: _Reason,
    name: _Name = None,
    every: _Every = False,
    until: _Until = None,
    now: Annotated[bool, typer.Option("--now", help="Stop the running retest too.")] = False,
) -> int:
    """Finish what runs, start nothing."""
    names = _names(context.obj, name, every=every)
    return pausing.pause(context.obj, names, every=every, reason=reason, until=until, now=now)


def resume(context: typer.Context, name: _Name = None, every: _Every = False) -> int:
    """End a pause."""
    return pausing.resume(context.obj, _names(context.obj, name, every=every), every=every)


def drain(
    context: typer.Context,
    *,
    reason: _Reason,
    name: _Name = None,
    every: _Every = False,
    until: _Until = None,
    wait: Annotated[str, typer.Option("--wait", metavar="DURATION", help="Wait so long, at most.")] = "1h",
) -> int:
    """Pause, and come back when what was under test has landed or ended, and nothing runs any more."""
    names = _names(context.obj, name, every=every)
    return pausing.drain(context.obj, names, every=every, reason=reason, until=until, wait=wait)


def emergency(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="REPO", help="A configured repository.")],
    branch: Annotated[str, typer.Argument(metavar="BRANCH")],
    reason: _Reason,
    through_pause: Annotated[
        bool, typer.Option("--through-pause", help="Also while the repository is paused.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the branch's name.")] = False,
) -> int:
    """Land a branch ahead of everything, judged by the repository's reduced command alone."""
    return emergencies.emergency(
        context.obj, name, branch, reason=reason, through_pause=through_pause, yes=yes
    )


def _names(session: Session, name: str | None, *, every: bool) -> tuple[str, ...]:
    if every == (name is not None):
        raise Failure("one of REPO and --all is needed, and not both", hint="mergetui repo list names them")
    names = session.names(name)
    if not names:
        raise Failure("no repository is configured", code="config", hint="mergetui repo add NAME REMOTE")
    return names
