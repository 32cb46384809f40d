"""What a sentence wants predicted: the kind of task, and the words that may be the target's column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from milepost.data.column_names import words_of
from milepost.draft.quantities import FLAGS, PERCENT
from milepost.metrics.names import Task

_WORD = r"[^\s,.;:!?()\[\]{}<>=/%0-9'][^\s,.;:!?()\[\]{}<>=/%']{0,40}"
_VERBS = (
    r"predict(?:s|ing)?|forecast(?:s|ing)?|estimat(?:e|es|ing)|classif(?:y|ies|ying)|detect(?:s|ing)?"
    r"|identif(?:y|ies|ying)|determin(?:e|es|ing)|anticipat(?:e|es|ing)|guess(?:es|ing)?|modell?ing"
    r"|recogni[sz](?:e|es|ing)|foresee(?:s|ing)?|tell(?:s|ing)?|find(?:s|ing)?\s+out|know(?:s|ing)?|learn(?:s|ing)?|(?:predictions?|estimation|detection|classification)\s+of"
)
_NOUNS = r"prediction|forecast|forecasting|estimation|classification|detection|model"
_ASKS = r"whether|if|how\s+much|how\s+many|how\s+long|how\s+late|how\s+old|which|what|who|when"
_STOP = re.compile(
    r"[,.;:!?()]|(?<![a-z])(?:with|within|over|during|using|based|from|by|at|on|so|to|before|after|because|in|and|that|or"
    r"|given|while|every|each|next|tomorrow|today|early|ahead|as|than|until|through|up|who)(?![a-z])|[0-9]",
    FLAGS,
)
_EMPTY = {
    "a", "an", "the", "our", "their", "its", "your", "my", "of", "for", "is", "are", "be", "been", "will", "would",
    "can", "has", "have", "had", "do", "does", "did", "going", "likely", "probability", "likelihood", "chance",
    "risk", "whether", "if", "which", "what", "who", "when", "how", "much", "many", "long", "this", "these",
    "those", "it", "they", "we", "i", "value", "values", "number", "amount", "level", "not", "all", "each", "any",
    "into", "one", "kind", "type", "class", "category", "there", "out", "most", "future", "expected", "actual",
    "two", "three", "four", "five", "on", "in", "at", "by", "to", "and", "or", "with", "using", "from", "simple",
    "good", "best", "some", "should", "must", "might", "may", "could",
}  # fmt: skip
_AUXILIARY = re.compile(
    r"(?<![a-z])(?:will|would|is\s+going\s+to|are\s+going\s+to|is\s+likely\s+to|are\s+likely\s+to|likely\s+to|is|are|has"
    r"|have|does|do|can|may|might)(?![a-z])",
    FLAGS,
)
_AFTER_VERB = re.compile(rf"(?<![a-z])(?:{_VERBS})(?![a-z])\s+", FLAGS)
_AFTER_QUESTION = re.compile(rf"(?<![a-z])(?:{_ASKS})(?![a-z])\s+", FLAGS)
_BEFORE_NOUN = re.compile(rf"((?:{_WORD}\s+){{1,2}})(?:{_NOUNS})(?![a-z])", FLAGS)
_SHARE_OF = re.compile(
    rf"(?<![a-z])(?:catch|find|captur|spot)[^.;!?]{{1,40}}{PERCENT}\s+of\s+((?:the\s+|all\s+|our\s+)?{_WORD})", FLAGS
)
_CHANCE = re.compile(
    r"(?:(?:the|a|an|each|our)\s+)*(?:probability|likelihood|chance|chances|risk|odds)\s+(?:of|that|for)\s+", FLAGS
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stretch of a statement wants predicted.

    Attributes:
        start, end: where it stands.
        words: lower case, the likeliest name of the target first.
    """

    start: int
    end: int
    words: tuple[str, ...]


def wanted_in(text: str) -> Wanted | None:
    """Return the first stretch that says what to predict; None if there is none.

    >>> wanted_in("Predict customer churn within 30 days").words
    ('churn', 'customer')
    """
    for opening in (_AFTER_VERB, _AFTER_QUESTION):
        for match in opening.finditer(text):
            phrase_at = _after_asking(text, match.end()) if opening is _AFTER_VERB else match.end()
            end = _end_of_phrase(text, phrase_at)
            words = ranked_words(text[phrase_at:end])
            if words:
                return Wanted(match.start(), end, words)
    for pattern in (_BEFORE_NOUN, _SHARE_OF):
        for match in pattern.finditer(text):
            words = ranked_words(match[1])
            if words:
                return Wanted(match.start(1), match.end(), words)
    return None


def ranked_words(phrase: str) -> tuple[str, ...]:
    """Return the words of a phrase, the likeliest head first."""
    phrase = re.split(r"\sper\s", phrase, maxsplit=1, flags=FLAGS)[0]  # "the price per room" is about the price
    before, _, after = phrase.partition(" into ")
    chunks = [after, before] if after else [phrase]
    ordered: list[str] = []
    for chunk in chunks:
        auxiliary = _AUXILIARY.search(chunk)
        if auxiliary:
            subject, predicate = _words(chunk[: auxiliary.start()]), _words(chunk[auxiliary.end() :])
            # "customers will churn" has the verb first behind the auxiliary, "will a diamond cost" last
            ordered += [*(predicate if subject else reversed(predicate)), *reversed(subject)]
            continue
        head, *others = re.split(r"\s(?:of|for)\s", chunk)
        for part in (head, *others):
            ordered += reversed(_words(part))
    # "churn rate" is about churn, but a "daily rate" may be the target itself
    ordered.sort(key=lambda word: word in ("rate", "ratio"))
    return tuple(dict.fromkeys(ordered))[:6]


def columns_meant(words: Iterable[str], columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that words may mean, the likeliest first; words are ranked already.

    >>> columns_meant(("churn", "customer"), ["customer_id", "tenure", "Churned", "SalePrice"])
    ('Churned', 'customer_id')
    """
    found: dict[str, tuple[int, int, int]] = {}
    for place, column in enumerate(columns):
        parts = {_stem(part) for part in words_of(column)}
        ranks = [rank for rank, word in enumerate(words) if _stem(word) in parts or word == column.casefold()]
        if ranks:
            # a column that is the word beats one that only contains it
            found[column] = (ranks[0], len(parts) - len(ranks), place)
    return tuple(sorted(found, key=lambda column: found[column]))


# ---- task ------------------------------------------------------------------------------------------------------------

_QUESTIONS: tuple[tuple[Task, str], ...] = (
    ("regression", r"how\s+(?:much|many|long|late|old|far|high|large|big|fast)(?![a-z])"),
    ("multiclass", r"(?:which|what)\s+(?:of\s+the|class|category|categories|species|segment|kind|type|brand|product"
                   r"|label)(?![a-z])"),
    ("multiclass", r"classif(?:y|ies|ying)\s[^.;!?]{1,80}\s(?:into|as\s+one\s+of|as\s+either)(?![a-z])"),
    ("multiclass", r"(?:one|which)\s+of\s+(?:the\s+)?(?:three|four|five|six|seven|eight|nine|ten|several|[3-9]"
                   r"|[1-9][0-9])(?![a-z0-9])"),
    ("binary", r"whether(?![a-z])|(?:predict|tell|know|say|see)(?:s|ing)?\s+if(?![a-z])"),
    ("binary", r"(?:probability|likelihood|chances?|odds|risk)\s+(?:of|that)(?![a-z])|likely\s+to(?![a-z])"
               r"|yes\s+or\s+no"),
    ("binary", r"(?:which|what|who)\s[^.;!?]{0,60}?(?:will|would|is\s+going\s+to|are\s+going\s+to)(?![a-z])"),
)  # fmt: skip
_AMOUNTS = {
    "price", "cost", "amount", "revenue", "sale", "demand", "duration", "number", "delay", "income", "salary",
    "temperature", "consumption", "load", "usage", "volume", "quantity", "spend", "spending", "profit", "weight",
    "height", "age", "count", "turnover", "traffic", "rent", "wage", "charge", "bill", "yield", "rating",
    "lifetime", "time", "distance", "rate",
}  # fmt: skip
_EVENTS = {
    "churn", "default", "fraud", "attrition", "conversion", "cancellation", "cancel", "cancelation", "failure",
    "fail", "survival", "response", "readmission", "spam", "purchase", "dropout", "bankruptcy", "breakdown",
    "click", "subscribe", "leave", "convert", "buy", "survive", "churner", "defaulter", "fraudulent",
}  # fmt: skip
_CLASSES = {"species", "category", "genre", "class", "segment", "brand", "digit", "cultivar", "variety", "type"}


def task_meant(text: str, wanted: Wanted | None) -> tuple[Task, int, int] | None:
    """Return the task that a statement hints at, with the stretch that hints; None if nothing does."""
    asked = [
        (match.start(), task, match.end())
        for task, pattern in _QUESTIONS
        if (match := re.search(rf"(?<![a-z]){pattern}", text, FLAGS))
    ]
    if asked:
        start, task, end = min(asked, key=lambda one: one[0])
        return task, start, end
    if wanted is None:
        return None
    for word in wanted.words[:2]:
        for task, nouns in (("binary", _EVENTS), ("multiclass", _CLASSES), ("regression", _AMOUNTS)):
            if _stem(word) in {_stem(noun) for noun in nouns}:
                return task, wanted.start, wanted.end
    return None


# ---- words -----------------------------------------------------------------------------------------------------------


def _after_asking(text: str, at: int) -> int:
    """Return where the phrase starts behind "whether", "how much", "the probability that" and the like."""
    match = _AFTER_QUESTION.match(text, at) or _CHANCE.match(text, at)
    return match.end() if match else at


def _end_of_phrase(text: str, start: int) -> int:
    """Return where the noun phrase that starts here ends; a phrase that opens with a stop word has none."""
    into = re.compile(rf"(?:{_WORD}\s+){{1,4}}into\s+(?={_WORD})", FLAGS).match(text, start)
    match = _STOP.search(text, into.end() if into else start)
    end = match.start() if match else len(text)
    return start + len(text[start : min(end, start + 80)].rstrip())


def _words(text: str) -> list[str]:
    found = [word.casefold() for word in re.findall(_WORD, text, FLAGS)]
    return [word for word in found if word not in _EMPTY and any(letter.isalpha() for letter in word)]


def _stem(word: str) -> str:
    """Return a word without the endings of number and tense, so that "churned" meets "churn"."""
    for endings in (("ies", "es", "s"), ("ation", "ing", "ed", "er", "y", "e")):
        for ending in endings:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
