"""A configuration, state and caches that `examine` looks at."""

from collections.abc import Mapping
from pathlib import Path

from mergetui.adapters.tinydb_store import TinyDBStore
from mergetui.config_file import add_repository
from mergetui.doctor.examination import examine
from mergetui.doctor.finding import Finding, Level
from mergetui.places import Places


class Patient:
    def __init__(self, directory: Path) -> None:
        self.where = Places(
            config=directory / "mergetui.toml", state=directory / "state", cache=directory / "cache"
        )
        self.environ: dict[str, str] = {"PATH": "/usr/bin:/bin"}

    @property
    def shop(self) -> Path:
        """The stored state of the repository `shop`."""
        return self.where.of("shop")

    def add(self, name: str, remote: str, **settings: object) -> None:
        add_repository(self.where.config, name, {"remote": remote, "retest": "sh ./test", **settings})

    def configure(self, text: str) -> None:
        self.where.config.write_text(text)

    def store(self, name: str = "shop") -> TinyDBStore:
        return TinyDBStore(self.where.of(name))

    def findings(self, *, patience: float = 20.0) -> tuple[Finding, ...]:
        return examine(self.where, environ=self.environ, patience=patience)

    def found(self, about: str, subject: str | Path = "shop", *, patience: float = 20.0) -> Finding:
        """The one finding about it."""
        [finding] = [
            f for f in self.findings(patience=patience) if (f.about, f.subject) == (about, str(subject))
        ]
        return finding

    def levels(self) -> Mapping[str, Level]:
        """By what was looked at, of the repository `shop`."""
        return {f.about: f.level for f in self.findings() if f.subject == "shop"}
