"""`mergetui flakes`"""

from typing import Any

from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.cli.session import DONE, Session
from mergetui.results import Flake, Tried, flakes


def ledger(session: Session, name: str | None) -> int:
    names = [name] if name is not None else list(session.wiring.config.repos)
    found = [flake for repo in names for flake in flakes(session.desk(repo).facts())]
    nothing = "no tree has both failed and passed yet"
    session.answer(
        {"flakes": [_fields(flake) for flake in found]},
        *([line for flake in found for line in _lines(flake)] or [nothing]),
    )
    return DONE


def _lines(flake: Flake) -> tuple[str, ...]:
    why = flake.failed.reason
    return (
        f"{flake.at:%Y-%m-%d %H:%M:%S}  {flake.repo}  {clean(' + '.join(flake.branches))}  "
        f"tree {flake.tree[:10]} failed {flake.reds}×, and passed",
        f"    {clean(redact(f'{why.code}: {why.detail}'))}" if why else "",
        f"    failed {flake.failed.log}",
        f"    passed {flake.passed.log}",
    )


def _fields(flake: Flake) -> dict[str, Any]:
    return {
        "repo": flake.repo,
        "branches": flake.branches,
        "tree": flake.tree,
        "command": flake.command,
        "reds": flake.reds,
        "failed": _tried(flake.failed),
        "passed": _tried(flake.passed),
    }


def _tried(tried: Tried) -> dict[str, Any]:
    reason = tried.reason
    return {
        "at": tried.at,
        "commit": tried.commit,
        "seconds": tried.seconds,
        "log": tried.log,
        "reason": {"code": reason.code, "detail": reason.detail} if reason else None,
    }
