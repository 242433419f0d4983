"""`behind`: the branch is not too far from the target."""

from mergetui.checks.check import Answer, Check, CheckView, Pass, Refuses


class Behind(Check, frozen=True, kw_only=True):
    commits: int
    """Of the target, that a branch may lack."""

    def __post_init__(self) -> None:
        if self.commits < 0:
            raise ValueError(f"commits = {self.commits}; allowed: 0 or more")

    def ask(self, view: CheckView) -> Answer:
        behind = view.behind()
        if behind <= self.commits:
            return Pass()
        return Refuses(f"{view.branch} is {behind} commits behind {view.target}; at most {self.commits}")
