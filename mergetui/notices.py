"""Facts as short messages for people elsewhere, and how many of them are sent.

What others wrote is put into a template as text: nothing in it is a field, a control, a secret or a mention.
"""

import re
from collections import Counter, deque
from collections.abc import Mapping

from msgspec import Struct

from mergetui import cleaning
from mergetui.events import Broken, Ended, Event, LeaseForced
from mergetui.integrations import NoticeKind, Notify, Rate
from mergetui.outcome import Run

COMMON = ("repo", "target", "at")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "landed": ("branch", "commit"),
    "sent-back": ("branch", "code", "detail"),
    "held": ("branch", "code", "detail"),
    "auto-stopped": ("why",),
    "lease-forced": ("holder", "by", "reason"),
    "broken": ("detail",),
}
"""What a template can name, besides `COMMON`."""
TEMPLATES: Mapping[str, str] = {
    "landed": "{branch} landed on {target} of {repo} as {commit}",
    "sent-back": "{branch} of {repo} was sent back: {code}: {detail}",
    "held": "{branch} of {repo} is held and needs an operator: {code}: {detail}",
    "auto-stopped": "{repo} stopped advancing: {why}",
    "lease-forced": "{by} took the lease of {repo} from {holder}: {reason}",
    "broken": "the gate itself failed on {repo}: {detail}",
}

_FIELD = re.compile(r"\{([a-z]+)\}")
_LONGEST = 300
"""Characters of one field."""
_SHORT = 10
_MENTIONS = str.maketrans({"@": "＠", "<": "‹", ">": "›"})
"""`@everyone` and `<!channel>` would call people, in services that are not asked to read them as text."""


class Notice(Struct, frozen=True, kw_only=True):
    kind: NoticeKind
    repo: str
    at: str
    fields: Mapping[str, str]
    """As others wrote them."""


def notice_of(fact: Event) -> Notice | None:
    """What there is to tell of a fact; None for most."""
    match fact:
        case Ended(run=run):
            return _ended(fact, run)
        case LeaseForced(holder=holder, reason=reason):
            return _notice(fact, "lease-forced", holder=holder, by=fact.by or "somebody", reason=reason)
        case Broken(detail=detail):
            return _notice(fact, "broken", detail=detail)
        case _:
            return None


def stop_notice(repo: str, why: str, *, at: str) -> Notice:
    return Notice(kind="auto-stopped", repo=repo, at=at, fields={"why": why})


def told(notice: Notice, notify: Notify, *, target: str) -> str:
    """The message, in one line."""
    template = notify.templates.get(notice.kind, TEMPLATES[notice.kind])
    values = {**notice.fields, "repo": notice.repo, "target": target, "at": notice.at}
    # Once over the template, never over what was put in: a name such as `{repo}` stays what it is.
    return _FIELD.sub(lambda found: _cut(_shown(values[found[1]])), template)


def harmless(untrusted: str) -> str:
    """Lines in which nothing is active, secret, or calls anybody."""
    return "\n".join(map(_shown, untrusted.split("\n")))


def broken_notify_rule(notify: Notify) -> str | None:
    """Why notifications cannot be sent so: the key, its value and what is allowed; None when they can."""
    if notify.urls_env is None and notify.urls_file is None:
        return "'urls_env' or 'urls_file' is missing; it names what has the addresses, one per line"
    for kind, template in notify.templates.items():
        if kind not in FIELDS:
            return f"templates has {kind!r}; allowed: {', '.join(FIELDS)}"
        allowed = (*FIELDS[kind], *COMMON)
        if wrong := _wrong_field(template, allowed):
            known = ", ".join(f"{{{name}}}" for name in allowed)
            return f"templates.{kind} = {template!r} has {wrong!r}; allowed: {known}"
        if not template.strip():
            return f"templates.{kind} = {template!r}; allowed: a text"
    return None


class Throttle:
    """Lets `rate.count` messages pass in any `rate.span`; the rest is told in one, once there is room.

    Times are seconds of any clock that only grows.
    """

    def __init__(self, rate: Rate) -> None:
        self._count = rate.count
        self._span = rate.span.total_seconds()
        self._sent: deque[float] = deque()
        self.surplus: Counter[NoticeKind] = Counter()

    def admit(self, kind: NoticeKind, text: str, *, now: float) -> list[str]:
        """What is sent now that there is this, too."""
        texts = self.late(now=now)
        if self._has_room(now):
            self._sent.append(now)
            return [*texts, text]
        self.surplus[kind] += 1
        return texts

    def late(self, *, now: float) -> list[str]:
        """What is sent now of what was too much before."""
        if not self.surplus or not self._has_room(now):
            return []
        self._sent.append(now)
        return self.rest()

    def rest(self) -> list[str]:
        """All that was too much, in one message, whatever the limit."""
        counts, self.surplus = self.surplus, Counter()
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        return [f"and {counts.total()} more: {kinds}"] if counts else []

    def _has_room(self, now: float) -> bool:
        while self._sent and now - self._sent[0] >= self._span:
            self._sent.popleft()
        return len(self._sent) < self._count


def _ended(fact: Ended, run: Run) -> Notice | None:
    branch = " + ".join(run.branches)
    match run.outcome:
        case "landed":
            return _notice(fact, "landed", branch=branch, commit=(run.landed_commit or "")[:_SHORT])
        case "sent-back" | "held" as kind:
            code, detail = (run.reason.code, run.reason.detail) if run.reason else ("internal", "")
            return _notice(fact, kind, branch=branch, code=code, detail=detail)
        case _:
            return None


def _notice(fact: Event, kind: NoticeKind, **fields: str) -> Notice:
    return Notice(kind=kind, repo=fact.repo, at=f"{fact.at:%Y-%m-%d %H:%M} UTC", fields=fields)


def _wrong_field(template: str, allowed: tuple[str, ...]) -> str | None:
    """A field that there is not, or a brace that is none."""
    for found in re.findall(r"\{[^{}]*\}?|\}", template):
        field = _FIELD.fullmatch(found)
        if field is None or field[1] not in allowed:
            return str(found)
    return None


def _shown(untrusted: str) -> str:
    return cleaning.name(cleaning.redact(untrusted)).translate(_MENTIONS)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
