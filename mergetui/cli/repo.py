"""`mergetui repo ...`"""

from collections.abc import Sequence

from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.cli.session import DONE, Failure, Session
from mergetui.config_tables import native_setting, setting_names
from mergetui.repository import Repository


def add(session: Session, name: str, remote: str, words: Sequence[str]) -> int:
    from mergetui.config_file import add_repository, whole_address

    path = session.places.config
    settings = {key: native_setting(name, key, text, path=path) for key, text in _pairs(words)}
    config = add_repository(path, name, {"remote": whole_address(remote), **settings})
    repository = config.repos[name]
    session.answer(
        {"repo": _fields(repository), "config": str(path)},
        f"{name}: {clean(redact(repository.remote))}, target {clean(repository.target)}, written to {path}",
    )
    if repository.enabled and repository.retest is None:
        session.tell(f"[repos.{name}] has no retest command yet: nothing lands before it has one")
    return DONE


def listing(session: Session) -> int:
    repos = session.wiring.config.repos.values()
    lines = [f"{r.name:<16} {clean(r.target):<12} {clean(redact(r.remote))}" for r in repos]
    empty = "no repository is configured; mergetui repo add NAME REMOTE --retest COMMAND adds one"
    session.answer({"repos": [_fields(repository) for repository in repos]}, *(lines or [empty]))
    return DONE


def remove(session: Session, name: str) -> int:
    from mergetui.config_file import remove_repository

    remove_repository(session.places.config, name)
    kept = session.places.of(name)
    session.answer({"removed": name}, f"{name} is removed from the configuration; its state stays in {kept}")
    return DONE


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """`--key value` and `--key=value`, with dashes for underscores."""
    pairs, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not option.startswith("--"):
            raise Failure(f"unexpected {word!r} after NAME REMOTE; a setting is written --key value")
        if not equals and not rest:
            raise Failure(f"{option} needs a value; settings: {', '.join(setting_names())}")
        pairs.append((option.removeprefix("--").replace("-", "_"), value if equals else rest.pop(0)))
    return pairs


def _fields(repository: Repository) -> dict[str, object]:
    return {
        "name": repository.name,
        "remote": redact(repository.remote),
        "target": repository.target,
        "enabled": repository.enabled,
        "retest": repository.retest,
        "batch": repository.batch,
        "parallel": repository.parallel,
        "strategy": repository.strategy,
    }
