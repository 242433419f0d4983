"""What to do first, when nothing is configured."""

from textual.content import Content
from textual.widgets import Static

_LINES = (
    ("No repository is configured yet.\n\n", "bold"),
    ("Add one:\n", "$text-muted"),
    ("mergetui repo add NAME REMOTE --retest CMD\n\n", "$text-primary"),
    ("or see it work on a sandbox first:\n", "$text-muted"),
    ("mergetui demo\n\n", "$text-primary"),
    ("q quits, ? shows the keys", "$text-muted"),
)


class Welcome(Static):
    def __init__(self) -> None:
        super().__init__(Content.assemble(*_LINES))
