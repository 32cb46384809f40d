"""Whether a sentence is English: other languages are not read, and that must be said."""

from __future__ import annotations

import re

_ENGLISH = {
    "the", "of", "and", "with", "at", "least", "predict", "forecast", "estimate", "which", "whether", "is", "are",
    "we", "our", "by", "from", "for", "to", "within", "who", "how", "what", "their", "that", "next", "should", "must",
    "it", "if", "out", "classify", "detect", "find", "reduce", "accuracy", "customers",
}  # fmt: skip
# words that English does not have; those that it shares ("die", "in", "a", "on") say nothing
_FOREIGN = {
    "ich", "wer", "wissen", "nach", "kunden", "auf", "aus", "dass", "der", "das", "dem", "den", "und", "mit", "für",
    "von", "zu", "zur", "zum", "ein", "eine", "einer", "eines", "nicht", "soll", "sollen", "werden", "wird",
    "welche", "welcher", "ist", "sind", "wir", "ob", "wie", "bei", "mindestens", "vorhersage", "vorhersagen", "le",
    "la", "les", "du", "des", "et", "avec", "pour", "une", "est", "dans", "que", "qui", "au", "moins", "nous",
    "prédire", "el", "los", "las", "y", "para", "por", "del", "una", "menos", "qué", "predecir", "cuáles",
    "clientes", "il", "gli", "di", "che", "della", "dei", "per", "nei", "quali", "almeno", "prevedere", "het",
    "een", "van", "voor", "met", "welke", "en", "de", "dat", "niet", "og", "att", "och", "som", "os", "uma", "um",
    "com", "não", "prever", "dos", "w", "z", "się", "jest", "przewidzieć",
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")


def is_english(statement: str) -> bool:
    """Return whether a statement may be English; too few words to tell by may be.

    >>> is_english("Predict churn"), is_english("Vorhersage der Kündigung mit 80 % Genauigkeit")
    (True, False)
    """
    letters = _LETTERS.findall(statement)
    latin = [letter for letter in letters if _LATIN.match(letter)]
    if len(latin) * 2 < len(letters):
        return False
    words = re.findall(r"[^\W\d_]+", statement.casefold())
    foreign = sum(word in _FOREIGN for word in words)
    return foreign == 0 or sum(word in _ENGLISH for word in words) >= foreign
