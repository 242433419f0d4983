"""The commands, each a few lines: parse, call, render."""

from pathlib import Path
from typing import Annotated

import typer

from mergetui.cli import engine, lease, look, queue, reasons, repo
from mergetui.cli.operating import drain, emergency, pause, resume
from mergetui.cli.session import Session
from mergetui.cli.simulate_command import simulate
from mergetui.model import Priority

app = typer.Typer(
    help="Land branches on main only as the exact commit that was tested on the current main.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Before or after every command: --config FILE, --state-dir DIR, --json.",
)
repo_app = typer.Typer(help="Repositories, kept in the configuration file.", rich_markup_mode=None)
lease_app = typer.Typer(help="Who holds the right to land.", rich_markup_mode=None)
app.add_typer(repo_app, name="repo")
app.add_typer(lease_app, name="lease")
app.command()(simulate)
for command in (pause, resume, drain, emergency):
    app.command()(command)

Repo = Annotated[str, typer.Argument(metavar="REPO", help="A configured repository.")]
SomeRepo = Annotated[str | None, typer.Argument(metavar="[REPO]", help="One; else all that are configured.")]
BranchName = Annotated[str, typer.Argument(metavar="BRANCH")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept and shown.")]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> int:
    from mergetui.version import __version__

    if version:
        typer.echo(f"mergetui {__version__}")
    return 0


@repo_app.command("add", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def repo_add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    remote: Annotated[str, typer.Argument(metavar="REMOTE", help="What git fetches from.")],
) -> int:
    """Add a repository. Every key of its table is an option: --retest 'make test', --batch 4 ..."""
    return repo.add(context.obj, name, remote, context.args)


@repo_app.command("list")
def repo_list(context: typer.Context) -> int:
    """The configured repositories."""
    return repo.listing(context.obj)


@repo_app.command("remove")
def repo_remove(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> int:
    """Forget a repository's configuration; its queue and history stay on disk."""
    return repo.remove(context.obj, name)


@app.command()
def enqueue(
    context: typer.Context,
    name: Repo,
    branches: Annotated[list[str], typer.Argument(metavar="BRANCH...")],
    priority: Annotated[Priority | None, typer.Option(help="Normal, if nothing is said.")] = None,
    stack: Annotated[bool, typer.Option("--stack", help="One all-or-nothing entry, in this order.")] = False,
) -> int:
    """Queue branches, pinned to where the remote has them now."""
    return queue.enqueue(context.obj, name, branches, priority=priority, stack=stack)


@app.command()
def dequeue(context: typer.Context, name: Repo, branch: BranchName) -> int:
    """Take a branch out of the queue; its retest, if one runs, is stopped."""
    return queue.dequeue(context.obj, name, branch)


@app.command()
def retry(context: typer.Context, name: Repo, branch: BranchName) -> int:
    """Try a branch again, also one that was sent back or is held."""
    return queue.retry(context.obj, name, branch)


@app.command()
def move(
    context: typer.Context,
    name: Repo,
    branch: BranchName,
    to: Annotated[int, typer.Option("--to", metavar="N", min=1, help="The position, from 1.")],
) -> int:
    """Give a branch another place in the queue."""
    return queue.move(context.obj, name, branch, to)


@app.command()
def approve(
    context: typer.Context,
    name: Repo,
    branch: BranchName,
    check: Annotated[
        str | None, typer.Option("--check", metavar="NAME", help="For this one; else for all.")
    ] = None,
) -> int:
    """Give your word for a queued branch, as it is now, to the checks that ask for it."""
    return queue.approve(context.obj, name, branch, check)


@app.command()
def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[REPO]...")] = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="End when nothing can move without a person.")
    ] = False,
    drain_wait: Annotated[str, typer.Option("--drain-wait", metavar="DURATION", help="Wait so long.")] = "0s",
) -> int:
    """Work on repositories without a screen: for ever, or until the queue is drained.

    --metrics-port N tells metrics on that port, of 127.0.0.1 unless --metrics-host names another address.
    """
    return engine.run(context.obj, names or [], drain=drain, drain_wait=drain_wait)


@app.command()
def status(context: typer.Context, name: SomeRepo = None) -> int:
    """Repositories, leases, queue."""
    return look.status(context.obj, name)


@app.command()
def why(context: typer.Context, name: SomeRepo = None) -> int:
    """Why nothing is landing, and what to do."""
    return reasons.why(context.obj, name)


@lease_app.command("list")
def lease_list(context: typer.Context) -> int:
    """Who holds what."""
    return lease.listing(context.obj)


@lease_app.command("release")
def lease_release(
    context: typer.Context,
    name: Repo,
    reason: Reason,
    token: Annotated[int | None, typer.Option(metavar="N", help="Only if this token still holds.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask when the holder is alive.")] = False,
) -> int:
    """Take the lease from whoever holds it."""
    return lease.release(context.obj, name, reason=reason, token=token, yes=yes)


@app.command()
def log(
    context: typer.Context,
    name: Repo,
    branch: Annotated[str | None, typer.Argument(metavar="[BRANCH]")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while the retest runs.")] = False,
    journal: Annotated[
        bool, typer.Option("--journal", help="Every step instead, with refs before and after.")
    ] = False,
) -> int:
    """The retest's output, from any terminal."""
    if journal:
        return look.journal(context.obj, name, branch)
    return look.log(context.obj, name, branch, follow=follow)


@app.command()
def history(
    context: typer.Context,
    name: SomeRepo = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1)] = 50,
) -> int:
    """Finished runs, newest last."""
    return look.history(context.obj, name, limit)


@app.command()
def report(
    context: typer.Context,
    name: SomeRepo = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="RFC 3339, or how long ago: 12h.")
    ] = "12h",
    notify: Annotated[
        bool, typer.Option("--notify", help="Send it to the addresses of [notify], too.")
    ] = False,
) -> int:
    """The hand-over, in Markdown: what happened since a time, and what is left."""
    from mergetui.cli import report as reporting

    return reporting.report(session_of(context), name, since=since, notify=notify)


@app.command()
def flakes(context: typer.Context, name: SomeRepo = None) -> int:
    """Trees that both failed and passed under one command, with both logs; newest last."""
    from mergetui.cli import flakes as flaking

    return flaking.ledger(session_of(context), name)


@app.command()
def verify(
    context: typer.Context,
    name: SomeRepo = None,
    retests: Annotated[
        list[str] | None,
        typer.Option("--retest", metavar="COMMIT", help="Test this landing again: a commit or a branch."),
    ] = None,
) -> int:
    """Prove again, from git and the journal, that what landed is what was tested."""
    from mergetui.cli import verify as verifying

    return verifying.verify(context.obj, name, retests or [])


@app.command()
def doctor(context: typer.Context) -> int:
    """Look at git, configuration, state and remotes; one line each, with the mend. Changes nothing."""
    from mergetui.cli import doctor as look_over

    return look_over.doctor(session_of(context))


@app.command()
def webhooks(
    context: typer.Context,
    address: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where forges reach it, at /NAME.")
    ] = "127.0.0.1:8787",
    body_limit: Annotated[
        str, typer.Option("--body-limit", metavar="SIZE", help="Larger deliveries are refused.")
    ] = "5MB",
) -> int:
    """Hear what forges tell: requests that are merged, closed or labelled, branches that move."""
    from mergetui.cli import webhooks as hearing

    return hearing.listen(session_of(context), address=address, body_limit=body_limit)


@app.command()
def demo(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="An empty or new directory.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell the story instead of showing it.")
    ] = False,
) -> int:
    """The main job on a real sandbox: a bare remote and branches of every kind."""
    from mergetui.cli import sandbox

    return sandbox.demo(session_of(context), directory, headless=headless)


def session_of(context: typer.Context) -> Session:
    session: Session = context.obj
    return session
