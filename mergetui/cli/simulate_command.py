"""The options of `mergetui simulate`."""

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    context: typer.Context,
    changes: Annotated[int | None, typer.Option(metavar="N", help="How many are drawn; 10000.")] = None,
    rate: Annotated[str | None, typer.Option(help="20/h, or how busy the oracle is; 80%.")] = None,
    red: Annotated[str | None, typer.Option(metavar="SHARE", help="Red by themselves; 2%.")] = None,
    conflict: Annotated[str | None, typer.Option(metavar="SHARE", help="With another; 1%.")] = None,
    together: Annotated[str | None, typer.Option(metavar="SHARE", help="Red with another; 0.5%.")] = None,
    flake: Annotated[str | None, typer.Option(metavar="SHARE", help="Red for nothing; 0%.")] = None,
    retest: Annotated[str | None, typer.Option(metavar="DURATION", help="6m; or p50..p95: 6m..15m.")] = None,
    slots: Annotated[int | None, typer.Option(metavar="N", help="Retests at the same time; 4.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of what is drawn; 1.")] = None,
    strategy: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Several times; all.")] = None,
    batch: Annotated[int | None, typer.Option(metavar="N", help="Of the fixed batch; 8.")] = None,
    ours: Annotated[str | None, typer.Option(metavar="SETTINGS", help="'batch=4 parallel=4'.")] = None,
    from_journal: Annotated[str | None, typer.Option(metavar="REPO", help="What came there.")] = None,
    what_if: Annotated[str | None, typer.Option(metavar="SETTINGS", help="Not those of --repo.")] = None,
    repo: Annotated[str | None, typer.Option(metavar="REPO", help="Whose journal and settings.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="A drawing of the turnarounds.")] = None,
) -> int:
    """Play strategies over the same changes, drawn or from a journal, and compare how long each takes."""
    from mergetui.cli import simulate as simulating

    order = simulating.Order(
        changes=changes,
        rate=rate,
        red=red,
        conflict=conflict,
        together=together,
        flake=flake,
        retest=retest,
        slots=slots,
        seed=seed,
        strategy=tuple(strategy or ()),
        batch=batch,
        ours=ours,
        from_journal=from_journal,
        what_if=what_if,
        repo=repo,
        svg=svg,
    )
    return simulating.simulate(context.obj, order)
