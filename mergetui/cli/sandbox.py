"""`mergetui demo`: the sandbox in the console, or told as a story."""

import tempfile
from pathlib import Path

from mergetui.cleaning import name as clean
from mergetui.cli.engine import stop_on_signals
from mergetui.cli.session import DONE, INTERRUPTED, NO, Failure, Session
from mergetui.cli.story import tell
from mergetui.demo.story import Ending, Stage, Verified, is_as_it_should_be, prove, set_up, work_through
from mergetui.events import Event


def demo(session: Session, directory: Path | None, *, headless: bool) -> int:
    where = directory or Path(tempfile.mkdtemp(prefix="mergetui-demo-"))
    if where.exists() and (not where.is_dir() or any(where.iterdir())):
        raise Failure(f"{where} is not empty; the demo makes its sandbox in a new or empty directory")
    stage = set_up(where.absolute())
    session.tell(f"the sandbox is in {where}", f"its configuration: --config {stage.wiring.places.config}")
    if headless or session.as_json or not session.has_terminal:
        return _story(session, stage)
    from mergetui.tui.start import run_console

    return run_console(stage.wiring)


def _story(session: Session, stage: Stage) -> int:
    def hear(event: Event) -> None:
        if line := tell(event):
            session.tell(line)

    with stop_on_signals() as stopping:
        endings = work_through(stage, hear, stopping=stopping)
        if stopping.is_set():
            return INTERRUPTED
    session.tell("the suite, on every first-parent commit of main:")
    proof = prove(stage.sandbox)
    session.answer(
        {
            "directory": str(stage.sandbox.directory),
            "endings": [_fields(ending) for ending in endings],
            "proof": proof,
        },
        *_lines(endings, proof),
    )
    return DONE if is_as_it_should_be(endings, proof) else NO


def _lines(endings: tuple[Ending, ...], proof: tuple[Verified, ...]) -> list[str]:
    lines = ["", "what became of the branches:"]
    lines += [_line(ending) for ending in endings]
    lines += ["", "main, oldest first, and the suite on it:"]
    lines += [f"  {verified.commit[:10]} {'green' if verified.green else 'RED'}" for verified in proof]
    return lines


def _line(ending: Ending) -> str:
    run, scene = ending.run, ending.scene
    said = run.outcome.replace("-", " ") if run else "nothing"
    why = f"{run.reason.code}: {clean(run.reason.detail)}" if run and run.reason else scene.branches[-1].about
    mark = "✓" if ending.as_expected else "✗ NOT AS EXPECTED"
    return f"  {mark} {said:<10} {' + '.join(scene.names):<32} {why}"


def _fields(ending: Ending) -> dict[str, object]:
    run = ending.run
    return {
        "branches": ending.scene.names,
        "outcome": run.outcome if run else None,
        "code": run.reason.code if run and run.reason else None,
        "as_expected": ending.as_expected,
    }
