"""What to do first, when nothing is configured."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from mergetui.tui.bound_keys import bound_keys

_OFFERS = (
    ("add_repository", "add a repository", "its remote, what it lands on, how it is retested"),
    ("sandbox", "see it work on a sandbox", "a remote of its own with branches of every kind"),
    ("quit", "quit", "mergetui repo add NAME REMOTE --retest CMD does it from a shell"),
)


class Offer(Static):
    """A choice, by its key or the mouse."""

    def __init__(self, act: str, *, does: str, more: str) -> None:
        super().__init__(markup=False)
        self._act, self._does, self._more = act, does, more

    def on_mount(self) -> None:
        key = bound_keys(self.app).shown(self._act)
        self.update(
            Content.assemble(
                (key, "bold $text-accent"), (f"  {self._does}\n", "bold"), (f"   {self._more}", "$text-muted")
            )
        )

    def on_click(self) -> None:
        self.post_message(Welcome.Chosen(self._act))


class Welcome(Vertical):
    class Chosen(Message):
        def __init__(self, act: str) -> None:
            super().__init__()
            self.act = act

    def __init__(self, *, read_only: bool = False) -> None:
        super().__init__()
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("No repository is configured yet.", "bold"), markup=False)
        if self._read_only:
            told = "This console is read-only: without --read-only it adds one, or opens a sandbox.\nq quits."
            yield Static(Content.styled(told, "$text-muted"), markup=False)
            return
        for act, does, more in _OFFERS:
            yield Offer(act, does=does, more=more)
