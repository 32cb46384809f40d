"""Who is acted on and who answers: a stable hash of the entity decides, so that an entity stays where it is.

"c-81" ─► share 0.31 of salt "control", share 0.77 of salt "canary" ─► below its configured share: control, canary
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Literal

Arm = Literal["act", "control"]

_WHOLE = 2.0**53  # a float64 holds each whole number below, so the share is exact and never rounded up to 1
_DROPPED = 11  # of the 64 bits of a hash
_CONTROL, _CANARY = "control", "canary"


def share_of(key: str, salt: str) -> float:
    """Return where a key lies in [0, 1): always the same for the same salt, and evenly spread over keys.

    >>> share_of("c-81", "telco-churn") == share_of("c-81", "telco-churn")
    True
    """
    return _shares(salt)(key)


@dataclass(frozen=True)
class Arms:
    """The control group and the canary group of a problem; whether a key is in one says nothing about the other.

    Attributes:
        control_share: share of keys that are marked "do not act", 0..1.
        canary_share: share of keys that the challenger answers, 0..1.
        salt: another one deals the groups anew, as the problem's name.
    """

    control_share: float
    canary_share: float
    salt: str

    def arm(self, key: str) -> tuple[Arm, float]:
        """Return the arm of a key, and the probability with which a key gets into this arm.

        Args:
            key: the entity; the prediction_id where there is no entity.
        """
        if self.control_share > 0 and self._control(key) < self.control_share:
            return "control", self.control_share
        return "act", 1.0 - self.control_share

    def is_canary(self, key: str) -> bool:
        """Return whether the challenger answers a key."""
        return self.canary_share > 0 and self._canary(key) < self.canary_share

    def arms(self, keys: Sequence[str]) -> list[tuple[Arm, float]]:
        """Return the arm of each key, and the probability of this arm."""
        act: tuple[Arm, float] = ("act", 1.0 - self.control_share)
        if self.control_share <= 0:
            return [act] * len(keys)
        control: tuple[Arm, float] = ("control", self.control_share)
        share, limit = self._control, self.control_share
        return [control if share(key) < limit else act for key in keys]

    @cached_property
    def _control(self) -> Callable[[str], float]:
        return _shares(f"{_CONTROL}\0{self.salt}")

    @cached_property
    def _canary(self) -> Callable[[str], float]:
        return _shares(f"{_CANARY}\0{self.salt}")


@lru_cache(maxsize=32)  # a problem has a few salts
def _shares(salt: str) -> Callable[[str], float]:
    """Return share_of for one salt; the hash of the salt is begun once."""
    begun = blake2b(f"{salt}\0".encode("utf-8", "surrogatepass"), digest_size=8)

    def share(key: str) -> float:
        hashed = begun.copy()
        hashed.update(key.encode("utf-8", "surrogatepass"))
        return (int.from_bytes(hashed.digest(), "big") >> _DROPPED) / _WHOLE

    return share
