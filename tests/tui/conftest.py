from collections.abc import Hashable, Iterator

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@pytest.fixture(scope="session", autouse=True)
def _parsed_once() -> Iterator[None]:
    """All consoles have the same style sheets: what one has parsed, the next one takes.

    To parse them is a sixth of what it takes to start a console.
    """
    parse, parsed = Stylesheet._parse_rules, dict[Hashable, list[RuleSet]]()

    def known(sheet: Stylesheet, css: str, *where: Hashable, **how: Hashable) -> list[RuleSet]:
        key = (css, where, frozenset(how.items()), frozenset(sheet._variables.items()))
        if key not in parsed:
            parsed[key] = parse(sheet, css, *where, **how)  # type: ignore[arg-type]
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", known)
        yield
