"""What to do first, when nothing is configured."""

from textual.content import Content
from textual.widgets import Static

from mergetui.tui.bound_keys import bound_keys

_LINES = (
    ("No repository is configured yet.\n\n", "bold"),
    ("Add one:\n", "$text-muted"),
    ("mergetui repo add NAME REMOTE --retest CMD\n\n", "$text-primary"),
    ("or see it work on a sandbox first:\n", "$text-muted"),
    ("mergetui demo\n\n", "$text-primary"),
)


class Welcome(Static):
    def __init__(self) -> None:
        super().__init__()

    def on_mount(self) -> None:
        keys = bound_keys(self.app).say("{quit} quits, {help} shows the keys")
        self.update(Content.assemble(*_LINES, (keys, "$text-muted")))
