"""`mergetui webhooks`: what forges tell, heard and done."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY, create_server, socket

from mergetui.adapters.credentials import CredentialError, read_credential
from mergetui.adapters.process import identify
from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.cli.engine import stop_on_signals
from mergetui.cli.session import AGAIN, BROKEN, INTERRUPTED, SCHEMA, Failure, Session
from mergetui.config_values import parse_size
from mergetui.integrations import Forge
from mergetui.repository import Repository
from mergetui.webhooks.deeds import Delivery
from mergetui.webhooks.desks import DeskDoer
from mergetui.webhooks.doing import Later, Outcome, carry_out
from mergetui.webhooks.reception import Answer, Reception
from mergetui.webhooks.spool import Spool, Spooled
from mergetui.webhooks.worker import Worker
from mergetui.wiring import Wiring

_LONGEST = 300
"""Characters of one part of a line."""


def listen(session: Session, *, address: str, body_limit: str) -> int:
    """Until a signal ends it; what is kept by then is done by the next one."""
    place, limit, forges = _place(address), _limit(body_limit), _forges(session)
    _need_the_extra()
    from mergetui.webhooks.serving import serving
    from mergetui.webhooks.web import application

    log, clock = Log(session), session.wiring.clock
    spool = Spool(session.places.state / "webhooks")
    worker = Worker(spool, Deeds(session), clock=clock, tell=log.done)
    reception = Reception(
        forges, secret_of=_secret_of, spool=spool, clock=clock, hand_on=worker.add, tell=log.answered
    )
    with _alone(spool) as waiting, _bound(*place) as listening, stop_on_signals() as stopping:
        log.told(*(complaint for forge in forges.values() if (complaint := _complaint(forge))))
        worker.start(waiting)
        with serving(application(reception, limit=limit), listening) as http:
            log.listening(listening)
            while http.is_alive() and not stopping.wait(1):
                pass
        worker.stop()
        return INTERRUPTED if stopping.is_set() else BROKEN


class Deeds:
    """Carries deliveries out, at the desks of this configuration and in the name of the forge that told."""

    def __init__(self, session: Session) -> None:
        config = session.wiring.config
        self._repositories = tuple(config.repos.values())
        self._wirings = {
            name: Wiring(session.places, config, me=identify(operator=name)) for name in config.forges
        }

    def __call__(self, delivery: Delivery) -> Outcome:
        wiring = self._wirings.get(delivery.forge)
        if wiring is None:
            return Later(f"{delivery.forge} is configured no more")
        holder = wiring.processes.me()
        me = f"{holder.operator}@{holder.host}"

        def doer_at(repository: Repository) -> DeskDoer:
            name = repository.name
            return DeskDoer(
                wiring.desk(name), me=me, glance=lambda: wiring.driver(name, lambda _: None).glance()
            )

        return carry_out(delivery, repositories=self._repositories, doer_at=doer_at)


class Log:
    """One line for each answer and each deed: forge, event, delivery, what became of it. From any thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()

    def listening(self, listening: socket) -> None:
        host, port = listening.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        names = tuple(self._session.wiring.config.forges)
        with self._lock:
            self._session.answer(
                {"event": "listening", "addresses": [f"{address}/{name}" for name in names]},
                *(f"listening on {address}/{name}" for name in names),
            )

    def answered(self, forge: str, answer: Answer) -> None:
        self._say(
            {"event": "answered", "status": answer.status},
            forge=forge,
            kind=answer.event,
            delivery=answer.id,
            said=f"{answer.status} {answer.said}",
        )

    def done(self, delivery: Delivery, outcome: Outcome) -> None:
        said = f"later: {outcome.why}" if isinstance(outcome, Later) else outcome.said
        event = "later" if isinstance(outcome, Later) else "done"
        self._say(
            {"event": event}, forge=delivery.forge, kind=delivery.event, delivery=delivery.id, said=said
        )

    def told(self, *lines: str) -> None:
        with self._lock:
            self._session.tell(*lines)

    def _say(self, fields: Mapping[str, object], **parts: str) -> None:
        shown = {key: clean(redact(part)[:_LONGEST]) for key, part in parts.items()}
        with self._lock:
            if self._session.as_json:
                self._session.emit({**fields, "schema": SCHEMA, **shown})
            else:
                self._session.tell(" ".join(part or "-" for part in shown.values()))


def _forges(session: Session) -> Mapping[str, Forge]:
    forges = session.wiring.config.forges
    if not forges:
        hint = "add a table [forges.NAME] with kind and secret_env; see docs/forges.md"
        raise Failure("no forge is configured", code="config", hint=hint)
    return forges


@contextmanager
def _alone(spool: Spool) -> Iterator[list[Spooled]]:
    """What an earlier one has left to do; nobody else does it meanwhile."""
    waiting = spool.open()
    if waiting is None:
        told = f"another `mergetui webhooks` works with {spool.directory}"
        raise Failure(told, code="busy", hint="one is enough for all forges", exit_code=AGAIN)
    try:
        yield waiting
    finally:
        spool.close()


def _bound(host: str, port: int) -> socket:
    try:
        family = AF_INET6 if ":" in host else AF_INET
        listening = create_server((host, port), family=family, backlog=1024)
        # Connections inherit it: the two parts of an answer must not wait 40 ms for each other.
        listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise Failure(f"--listen {host}:{port}: {error.strerror or error}") from error


def _need_the_extra() -> None:
    try:
        import standardwebhooks
        import starlette
        import uvicorn
    except ImportError as error:
        raise Failure(
            f"webhooks need packages that are not installed: {error}",
            hint="pip install 'mergetui[forges]'",
        ) from error
    else:
        del standardwebhooks, starlette, uvicorn


def _secret_of(forge: Forge) -> str | None:
    return read_credential(variable=forge.secret_env, file=forge.secret_file)


def _complaint(forge: Forge) -> str | None:
    """Why nothing of what that forge tells will be believed."""
    try:
        if _secret_of(forge) is not None:
            return None
        why = "no secret_env or secret_file"
    except CredentialError as error:
        why = str(error)
    return clean(f"[forges.{forge.name}] nothing is believed: {why}")


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise Failure(f"--listen {text!r}; allowed: HOST:PORT such as 127.0.0.1:8787 or [::1]:8787")
    return host, int(port)


def _limit(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise Failure(f"--body-limit {text!r}; allowed: {error}") from error
