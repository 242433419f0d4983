"""`mergetui why`: one verdict, and what a landing hangs on."""

from typing import Any

from mergetui.circumstances import Circumstance, circumstances
from mergetui.cleaning import name as clean
from mergetui.cli.session import DONE, Session
from mergetui.verdict import Knowledge, explain


def why(session: Session, repo: str | None) -> int:
    wiring = session.wiring
    known = [
        wiring.knowledge(session.desk(name), lack=wiring.room(name).peek()) for name in session.names(repo)
    ]
    session.answer(
        {"repos": [_fields(one) for one in known]}, *(line for one in known for line in _lines(one))
    )
    return DONE


def _fields(known: Knowledge) -> dict[str, Any]:
    verdict = explain(known)
    return {
        "name": known.repository.name,
        "why": verdict.why.name.lower().replace("_", "-"),
        "says": verdict.says,
        "mend": verdict.mend,
        "chain": circumstances(known),
    }


def _lines(known: Knowledge) -> list[str]:
    verdict = explain(known)
    mend = f"  ({verdict.mend})" if verdict.mend else ""
    return [
        f"{known.repository.name}: {clean(verdict.says)}{mend}",
        *(_line(link) for link in circumstances(known)),
    ]


def _line(link: Circumstance) -> str:
    return f"{'!' if link.blocks else ' '} {link.about:<7} {clean(link.says)}"
