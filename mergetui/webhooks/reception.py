"""What is answered to a delivery, and what is done before the answer: believe, understand, keep."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from mergetui.adapters.credentials import CredentialError
from mergetui.integrations import Forge
from mergetui.ports import Clock
from mergetui.webhooks.deeds import Delivery, Shapeless
from mergetui.webhooks.signature import is_believed
from mergetui.webhooks.spool import Spool, Spooled
from mergetui.webhooks.words import Headers, deeds_of, delivery_id, event_of

Status: TypeAlias = Literal[200, 202, 400, 401, 404, 405, 408, 413, 500, 503]


class Answer(Struct, frozen=True, kw_only=True):
    """`said` goes to the forge too: it has nothing of the delivery, of secrets or of the machine in it."""

    status: Status
    said: str
    event: str = ""
    id: str = ""


UNKNOWN = Answer(status=404, said="no such forge")
NOT_BELIEVED = Answer(status=401, said="not believed")


class Reception:
    """One for all forges; may be asked from any thread."""

    def __init__(
        self,
        forges: Mapping[str, Forge],
        *,
        secret_of: Callable[[Forge], str | None],
        spool: Spool,
        clock: Clock,
        hand_on: Callable[[Spooled], None],
        tell: Callable[[str, Answer], None],
    ) -> None:
        self._forges = forges
        self._secret_of = secret_of
        self._spool = spool
        self._clock = clock
        self._hand_on = hand_on
        self.tell = tell

    def has(self, name: str) -> bool:
        return name in self._forges

    def receive(self, name: str, headers: Headers, body: bytes) -> Answer:
        """Never raises; with 2xx what follows is on disk, or nothing does."""
        try:
            answer = self._receive(self._forges[name], headers, body)
        except OSError:
            answer = Answer(status=503, said="it cannot be kept at this moment; send it again")
        self.tell(name, answer)
        return answer

    def _receive(self, forge: Forge, headers: Headers, body: bytes) -> Answer:
        if not is_believed(forge.kind, self._secret(forge), headers, body):
            return NOT_BELIEVED
        event, id_ = event_of(forge.kind, headers), delivery_id(forge.kind, headers, body)
        deeds = deeds_of(forge.kind, headers, body)
        if isinstance(deeds, Shapeless):
            said = f"not what a {forge.kind} sends as JSON for that event"
            return Answer(status=400, said=said, event=event, id=id_)
        delivery = Delivery(forge=forge.name, event=event, id=id_, received_at=self._clock.now(), deeds=deeds)
        return self._keep(delivery)

    def _keep(self, delivery: Delivery) -> Answer:
        event, id_ = delivery.event, delivery.id
        if not delivery.deeds:
            return Answer(status=202, said="nothing to do", event=event, id=id_)
        spooled = None if self._spool.knows(delivery) else self._spool.keep(delivery)
        if spooled is None:
            return Answer(status=200, said="known already", event=event, id=id_)
        self._hand_on(spooled)
        return Answer(status=202, said="kept", event=event, id=id_)

    def _secret(self, forge: Forge) -> str | None:
        try:
            return self._secret_of(forge)
        except CredentialError:
            return None
