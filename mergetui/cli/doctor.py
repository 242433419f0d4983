"""`mergetui doctor`"""

from mergetui.cli.session import DONE, NO, Session
from mergetui.doctor.examination import examine, is_sound
from mergetui.doctor.finding import Finding


def doctor(session: Session) -> int:
    findings = examine(session.places, environ=session.environ)
    sound = is_sound(findings)
    session.answer({"checks": findings, "sound": sound}, *(_line(finding) for finding in findings))
    return DONE if sound else NO


def _line(finding: Finding) -> str:
    thing = f"{finding.about} {finding.subject}".strip()
    mend = f"  ({finding.mend})" if finding.mend else ""
    return f"{finding.level:<4}  {thing}: {finding.says}{mend}"
