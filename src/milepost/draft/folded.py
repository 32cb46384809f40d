"""Many equal findings made one, so that the few that matter are seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from milepost.data.findings import Finding
from milepost.ground.text import counted, listed

MOST = 2  # notes of one code that stand alone
NAMED = 5
_SEVERITIES = ("stop", "warn", "note")


def folded(findings: Iterable[Finding], *, most: int = MOST) -> tuple[Finding, ...]:
    """Return the findings in their order, with more than most notes of one code about single columns made one."""
    found = list(findings)
    by_code: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.severity == "note" and finding.column is not None:
            by_code.setdefault(finding.code, []).append(finding)
    many = {code: alike for code, alike in by_code.items() if len(alike) > most}
    kept: list[Finding] = []
    for finding in found:
        alike = many.get(finding.code)
        if alike is None or finding.column is None:
            kept.append(finding)
        elif finding is alike[0]:
            kept.append(_one(alike))
    return tuple(kept)


def most_urgent_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, equal ones folded: what must be mended, what wants a look, last what needs nothing done."""
    return tuple(sorted(folded(findings), key=lambda one: (_SEVERITIES.index(one.severity), not one.do)))


def _one(alike: list[Finding]) -> Finding:
    names = listed([f"`{finding.column}`" for finding in alike], most=NAMED)
    first = alike[0]
    says = f"In {counted(len(alike), 'column')} ({names}), such as `{first.column}`: {first.says}"
    return replace(first, column=None, says=says, evidence={"columns": len(alike)})
