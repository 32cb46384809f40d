"""Whether a figure in a sentence is what is reached today: "our rule has 70% recall", "accuracy is 70% so far".

"Today we reach 70% recall" -> yes     "Today the team needs a model with 70% recall" -> no, that is a goal
"""

from __future__ import annotations

import re

from milepost.draft.quantities import FLAGS, NUMBER, PERCENT

NOW = (
    r"(?:currently|presently|nowadays|today(?!')|now|so\s+far|thus\s+far|until\s+now|up\s+to\s+now|to\s+date|hitherto"
    r"|at\s+present|at\s+the\s+moment|right\s+now|as\s+of\s+(?:now|today)|these\s+days|as\s+it\s+stands"
    r"|last\s+(?:year|quarter|month|week)(?!'))(?![a-z])"
)
_REACH = 200  # characters before a figure that are looked at
_GOAL = (
    r"(?:wants?|wanted|needs?|needed|must|should|shall|will|would|with|aims?|aiming|tr(?:y|ies|ying)|plans?|hopes?|wish(?:es)?"
    r"|requires?|expects?|intends?|seeks?|asks?|looks?|goals?|targets?|objectives?|requirements?|demands?|thresholds?|to|no"
    r"|please|lacks?)(?![a-z])"
)
_WORD = rf"(?!{_GOAL})[a-z'/-]+"
_GAP = r"(?:\s+|,\s+(?=(?:which|that|who|it|we)\s))"
_STATE = (
    r"(?:is|are|am|was|were|has|have|had|having|been|reach(?:es|ed)?|gets?|got|scores?|scored|achiev(?:es?|ed)|attain(?:s|ed)?"
    r"|obtain(?:s|ed)?|stands?|stood|sits?|lies?|hits?|manages?|managed|shows?|showed|gives?|gave|delivers?|delivered|yields?"
    r"|sees?|saw|hovers?)(?![a-z])"
)
_WORKS = (
    r"(?:predict|forecast|estimate|detect|find|identif(?:y|ie)|classif(?:y|ie)|catch|guess|work|perform|run|operate"
    r"|do|flag|spot)"
)
_PAST = r"(?:had|reached|achieved|attained|scored|got)(?![a-z])"
_BESIDE = (
    rf"(?:{NUMBER}(?![0-9])\s?(?:{PERCENT})?|{NOW}|(?:at|an?|the|its|our|in|of|on\s+average|only|about|around|just|already|merely|barely"
    rf"|roughly|some|hardly|nearly|almost|accuracy|precision|recall|sensitivity|specificity|auc|mae|rmse|score|and)(?![a-z])"
    r"|(?:f1|,))"
)
_OLD = (
    r"(?<!for )(?<!for our )(?<!for the )"
    r"(?:current|existing|present|old|previous|legacy|incumbent|today's|last\s+(?:year|quarter|month|week)'s)"
)
_WE = rf"(?:we|they|it|one|(?:our|the|a|an|my)\s+{_WORD}(?:\s+{_WORD})?|{_WORD}s)"

# before the figure: who or when, then a verb of state that has the figure for its object
_BEFORE = re.compile(
    r"(?<![a-z])(?:"
    rf"(?:{NOW}\s*,?|{_OLD}|our\s+rule|the\s+(?:rule|baseline))\s+(?:{_WORD}{_GAP}){{0,5}}?(?:{_STATE}\s+){{1,2}}"
    rf"|(?:{NOW}\s*,?\s+{_WE}|{_WE}\s+{NOW})\s+{_WORKS}\s+(?:{_WORD}\s+){{0,4}}?(?:with|at)\s+"
    rf"|(?:{NOW}|{_OLD}\s+{_WORD}|our\s+rule)\s+(?:{_WORD}\s+){{0,2}}?{_WORKS}e?s\s+(?:{_WORD}\s+){{0,4}}?(?:with|at)\s+"
    rf"|(?:{_STATE}\s+)?{NOW}\s*,?\s+"
    rf")(?:{_BESIDE}\s*){{0,12}}$",
    FLAGS,
)
# right before a verb that is part of the figure: "today we catch 60% of …", "the current rule catches 60% of …"
_DOING = re.compile(
    rf"(?<![a-z])(?:{NOW}\s*,?\s+{_WE}|{_WE}\s+{NOW}|{_OLD}\s+{_WORD}(?:\s+{_WORD})?|our\s+rule)\s+$", FLAGS
)
_REACHED = re.compile(rf"(?<![a-z]){_PAST}\s+(?:{_BESIDE}\s*){{0,12}}$", FLAGS)
_OLD_METRIC = re.compile(rf"(?<![a-z]){_OLD}\s+$", FLAGS)
_AFTER = re.compile(rf"\s*\(?{NOW}", FLAGS)
_COMPARED = re.compile(
    r"(?<![a-z])(?:at\s+(?:the\s+)?(?:least|most)|minimum|minimal(?:ly)?|maximum|no\s+(?:less|lower|more|higher)\s+than|not\s+(?:less|below|under)"
    r"|over|above|exceed(?:s|ing)?|(?:more|better|higher|greater)\s+than)(?![a-z])|[<>\u2265\u2264]",
    FLAGS,
)
_WE_HAVE = re.compile(rf"(?<![a-z])(?:{_WE}|who|which|that)\s+{_STATE}\s+(?:{_BESIDE}\s*){{0,4}}$", FLAGS)
_TOO_LITTLE = re.compile(
    r"\s+(?:(?:is|are|was|were)\s+(?:just\s+|simply\s+|far\s+)?(?:not\s+(?:good\s+|high\s+)?(?:enough|acceptable)|too\s|insufficient"
    r"|unacceptable)|isn't\s+(?:good\s+|high\s+)?enough|(?:falls|fell)\s+short|(?:does\s+not|doesn't)\s+suffice)",
    FLAGS,
)
_DEMANDED = re.compile(
    r"\s+(?:(?:must|should|shall|ha(?:s|ve)\s+to|needs?)(?![a-z])(?![^.;]{0,40}[0-9])|(?:is|are|would\s+be|will\s+be)\s+(?:\w+\s+)?(?:needed|required"
    r"|wanted|asked|demanded|expected|desired|enough|what\s+we|(?:the|a|our)\s+(?:goal|target|aim|minimum|must|least|requirement)))",
    FLAGS,
)
_ASKED = re.compile(r"(?<![a-z])(?:wants?|needs?|must|should|shall|ha(?:s|ve)\s+to|ought|to\s+be|wish)(?![a-z])", FLAGS)
_PURPOSE = re.compile(r"(?<![a-z])(?:so|such)\s+that(?![a-z])", FLAGS)
_WAS = re.compile(r"(?<![a-z])(?:was|were|has\s+been|have\s+been)(?![a-z])", FLAGS)
_INSIDE = re.compile(rf"(?<![a-z])(?:{NOW}|current|existing|today's)(?![a-z])", FLAGS)


def is_of_today(match: re.Match[str], text: str) -> bool:
    """Return whether a figure is what is reached today or was before, as the words around it say.

    Args:
        match: of the figure with its metric. A group "until" holds a figure of today that stands before the one asked.
        text: the statement in which it was found.
    """
    said = match[0]
    if match.groupdict().get("until") or _ASKED.search(said):
        return False
    before = re.split(r"[.;:!?](?:\s|$)", text[max(0, match.start() - _REACH) : match.start()])[-1]
    clause = re.split(r",|(?<![a-z])(?:and|but|while)(?![a-z])", before, flags=FLAGS)[-1]
    after = text[match.end() : match.end() + 60]
    if _TOO_LITTLE.match(after):
        return True
    if _AFTER.match(after) and not (_COMPARED.search(said) and not _WE_HAVE.search(before)):
        return not _ASKED.search(clause)
    if _DEMANDED.match(after):
        return False
    if _WAS.search(said) or _INSIDE.search(said) or _OLD_METRIC.search(before):
        return True
    if _PURPOSE.search(clause):
        return False
    was_reached = _REACHED.search(before) and not _ASKED.search(clause)
    return bool(was_reached or _BEFORE.search(before) or _DOING.search(before))
