"""Secrets stand in the environment; a problem file only names them: "postgresql://ann:${CHURN_PASSWORD}@db/churn"."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from milepost.ground.errors import EnvironmentFault, MilepostError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_MALFORMED = re.compile(r"\$\{[^}]*\}?|\$[A-Z_][A-Z0-9_]{2,}", re.ASCII)
_MASK = "***"

# what gives a secret away; group 1 is what is hidden
_NAMES = (
    r"[\w-]*(?:password|passwd|token|secret|signature|credential|api[_-]?key|access[_-]?key(?:[_-]?id)?|account[_-]?key)"
    r"|(?:[\w-]*[_-])?(?:pwd|sig|key)"
)
_SETTING = ("a secret", re.compile(rf"(?i)(?:^|(?<=[?&;,\s]))(?:{_NAMES})=([^&;,\s\"']+)"))
_LITERAL = (
    ("a password", re.compile(r"\w+://[^/?#\s:@]*:([^/?#\s]+)@")),
    # a slash in the password itself; digits before it are the port of a host
    ("a password", re.compile(r"\w+://[^/?#\s:@$]*:(?!\d+[/?#])([^\s@]*[/?#][^\s@]*)@")),
    ("an access key", re.compile(r"\b((?:AKIA|ASIA)[0-9A-Z]{12,})\b")),
    ("an access token", re.compile(r"\b((?:gh[pousr]_|github_pat_|xox[abprs]-|glpat-|dapi)[0-9A-Za-z_-]{16,})")),
    ("a web token", re.compile(r"\b(eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+)")),
    ("a webhook address", re.compile(r"https?://hooks\.slack\.com/(?:services|workflows)/(\S+)")),
    ("a private key", re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*)")),
)
_SECRET_LINE = re.compile(rf"(?i)^\s*(?P<key>[\"']?(?:{_NAMES})[\"']?)\s*[=:].*$")


def resolve_secrets(text: str, *, where: str, environment: Mapping[str, str] | None = None) -> str:
    """Return text with each ${NAME} replaced by the environment's value. For use at once: never store or show it.

    Raises:
        EnvironmentFault: a variable is not set or is empty. The file is right; this machine lacks something.
        MilepostError: a reference is malformed.
    """
    values = os.environ if environment is None else environment
    refuse_malformed_references(text, where=where)

    def value_of(match: re.Match[str]) -> str:
        if values.get(match[1]):
            return values[match[1]]
        raise EnvironmentFault(
            f"The environment variable {match[1]} is not set.", where=where, fix=f"Run: export {match[1]}='…'"
        )

    return _REFERENCE.sub(value_of, text)


def hide_secrets(message: str, text: str, *, environment: Mapping[str, str] | None = None) -> str:
    """Return message, which a driver may have written, with the secrets that text refers to put back as ${NAME}.

    Args:
        message: words from elsewhere in which a resolved text may stand.
        text: the unresolved text of the problem file.
        environment: the variables; those of this process when absent.
    """
    values = os.environ if environment is None else environment
    for name in sorted(set(_REFERENCE.findall(text)), key=lambda name: -len(values.get(name, ""))):
        if values.get(name):
            message = message.replace(values[name], f"${{{name}}}")
    return mask_secrets(message)


def secret_names(text: str) -> tuple[str, ...]:
    """Return the names of the environment variables that text refers to, each once.

    >>> secret_names("s3://${KEY}:${WORD}@store/${KEY}")
    ('KEY', 'WORD')
    """
    return tuple(dict.fromkeys(_REFERENCE.findall(text)))


def refuse_malformed_references(text: str, *, where: str) -> None:
    """Refuse what looks like a reference to the environment but is not ${NAME}.

    Raises:
        MilepostError: there is one.
    """
    bad = _MALFORMED.search(_REFERENCE.sub("", text))
    if bad:
        name = re.sub(r"[^A-Za-z0-9_].*", "", bad[0].lstrip("${")) or "NAME"
        raise MilepostError(
            f"{mask_secrets(bad[0])!r} is no reference to the environment.",
            where=where,
            fix=f"Write ${{{name}}}: letters, digits and underscores in ${{…}}, no default value.",
        )


def refuse_literal_secrets(text: str, *, where: str, is_address: bool = True) -> None:
    """Refuse a secret that is written out instead of named.

    Args:
        text: any text of the problem file.
        where: its place.
        is_address: it says where something is, so that "token=…" in it is a secret; in an expression it is a column.

    Raises:
        MilepostError: there is one. The message does not repeat it.
    """
    for noun, pattern in (*_LITERAL, _SETTING) if is_address else _LITERAL:
        for match in pattern.finditer(text):
            if not _is_reference(match[1]):
                raise MilepostError(
                    f"{noun.capitalize()} is written out in {mask_secrets(text)!r}.",
                    where=where,
                    fix="Put the secret into an environment variable and write ${NAME} in its place; "
                    "problem files are copied and shared.",
                )


def mask_secrets(text: str) -> str:
    """Return text with what looks like a written-out secret replaced by ***."""
    for _, pattern in (*_LITERAL, _SETTING):
        text = pattern.sub(_masked, text)
    return "\n".join(_SECRET_LINE.sub(rf"\g<key> = {_MASK}", line) for line in text.split("\n"))


def _masked(match: re.Match[str]) -> str:
    if _is_reference(match[1]):
        return match[0]
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return f"{match[0][:start]}{_MASK}{match[0][end:]}"


def _is_reference(text: str) -> bool:
    return text == _MASK or not _REFERENCE.sub("", text).strip()
