"""What a given outcome adds to what is known of its prediction: something new, a correction, nothing, or a conflict.

known   2026-02-01 Yes      2026-02-01 Yes      2026-02-01 Yes              2026-02-01 Yes
given   2026-02-03 Yes      2026-02-03 No       2026-02-01 No               2026-01-20 No
status  known already       corrected           refused: in conflict        taken, and the later word remains the last

A word is what was said at one moment (recorded_at) of one prediction: the truth, whether somebody acted, or both. Each
of the two has its own last word.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import polars as pl

from milepost.predlog.given import first_of, refusals_of

WORDS = (  # columns that tell what was said
    "outcome_id", "prediction_id", "label", "number", "happened_at", "recorded_at", "acted_on", "received_at",
)  # fmt: skip

_SEPARATOR = "\x1f"
_STATUSES = ("known already", "taken", "corrected")  # from the weakest to the strongest


def outcome_ids(outcomes: pl.DataFrame) -> pl.Series:
    """Return the id of each outcome, 32 hexadecimal digits that follow from what it says.

    One without recorded_at has the same id whenever it comes, so that a retry of it is one and the same.

    Args:
        outcomes: columns prediction_id, label, number, happened_at, recorded_at, acted_on.
    """
    number = (pl.col("number") + 0.0).reinterpret(dtype=pl.UInt64())  # every bit of it
    times = (pl.col(name).to_physical() for name in ("happened_at", "recorded_at"))
    parts = [pl.col("prediction_id"), pl.col("label"), number, *times, pl.col("acted_on")]
    said = outcomes.select(
        pl.concat_str(*(part.cast(pl.String).fill_null("") for part in parts), separator=_SEPARATOR)
    ).to_series()
    return pl.Series("outcome_id", [hashlib.sha256(text.encode()).hexdigest()[:32] for text in said], pl.String())


def judge(given: pl.DataFrame, known: pl.DataFrame, *, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the status of given outcomes, and the refusals of those in conflict.

    The first have the columns of given, recorded_at filled, and outcome_id, status, what and fix: a remark where the
    last word remains another one.

    Args:
        given: columns row, prediction_id, label, number, happened_at, recorded_at, acted_on. Without a recorded_at it
            is said now, after all that is known, even where the clock has jumped back since.
        known: outcomes of the same predictions, with the columns of WORDS.
        now: when the given ones came.
    """
    named = given.with_columns(
        outcome_ids(given),
        pl.col("recorded_at").fill_null(_moments(given, known, now)),
        is_undated=pl.col("recorded_at").is_null(),
    )
    repeated = named.join(known.select("outcome_id").unique(), on="outcome_id", how="semi")
    new = named.join(repeated.select("row"), on="row", how="anti")
    words = _words(new, known)
    refusals = _conflicts(words)
    states = _states(words.join(refusals, on="row", how="anti", maintain_order="left"))
    judged = pl.concat([new.join(states, on="row", how="inner"), _repetitions(repeated, known)], how="diagonal")
    return judged.drop("is_undated").sort("row"), refusals


def _moments(given: pl.DataFrame, known: pl.DataFrame, now: datetime) -> pl.Series:
    """Return for each given one a moment that is not before any at which something is known of its prediction."""
    ahead = known.filter(pl.col("recorded_at") > now).group_by("prediction_id").agg(pl.col("recorded_at").max())
    newest = given.select("prediction_id").join(ahead, on="prediction_id", how="left", maintain_order="left")
    return (newest["recorded_at"] + timedelta(microseconds=1)).fill_null(now)


def _words(given: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return what was and is said of each prediction, in the order of recorded_at: its truth as a number."""
    names = ("prediction_id", "recorded_at", "happened_at", "acted_on", "label", "number")
    every = pl.concat(
        [
            known.select(pl.lit(None, pl.UInt32()).alias("row"), *names),
            given.select("row", *names),
        ]
    )
    truth = pl.coalesce(pl.col("number"), pl.col("label").rank("dense").cast(pl.Float64))
    return every.select(
        "row", "prediction_id", "recorded_at", "happened_at", "acted_on", truth=truth, given=pl.col("row").is_not_null()
    ).sort("prediction_id", "recorded_at", "given", "row")


def _conflicts(words: pl.DataFrame) -> pl.DataFrame:
    """Return the refusals of what contradicts another word of the same moment."""
    moment = pl.struct("prediction_id", "recorded_at").rle_id()
    facts = ("truth", "happened_at", "acted_on")
    contradicted = words.with_columns(moment=moment).with_columns(
        (pl.col(fact).is_not_null() & (pl.col(fact).min().over("moment") != pl.col(fact).max().over("moment"))).alias(
            f"{fact}_contradicted"
        )
        for fact in facts
    )
    at = pl.col("recorded_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    fix = "Give a recorded_at to each: the later word counts."
    return first_of(
        *(
            refusals_of(
                contradicted.filter(pl.col("given") & pl.col(f"{fact}_contradicted")),
                f"field {fact!r}",
                pl.format(f"In conflict: of this prediction another {fact} is recorded at the same moment, {{}}.", at),
                fix,
            )
            for fact in facts
        )
    )


def _states(words: pl.DataFrame) -> pl.DataFrame:
    """Return row, status, what and fix of the given ones among words that do not contradict each other."""
    group = pl.struct("prediction_id").rle_id()
    seen = words.with_row_index("place").with_columns(
        first=pl.col("place").min().over(group), last=pl.col("place").max().over(group)
    )
    seen = seen.with_columns(
        *(_before(fact).alias(f"{fact}_before") for fact in ("truth", "acted_on")),
        *(_after(fact).alias(f"{fact}_after") for fact in ("truth", "acted_on")),
    ).with_columns(happened_before=_happened_before())
    stands = pl.any_horizontal(
        (pl.col(f"{fact}_after") != pl.col(fact)).fill_null(value=False) for fact in ("truth", "acted_on")
    )
    return seen.filter("given").select(
        "row",
        status=pl.max_horizontal(_state_of_truth(), _state_of_acting()).replace_strict(
            list(range(len(_STATUSES))), list(_STATUSES), return_dtype=pl.String()
        ),
        what=pl.when(stands).then(pl.lit("It is kept as what was known then; a word that was recorded later stands.")),
        fix=pl.when(stands).then(pl.lit("To correct that word, give a recorded_at after it.")),
    )


def _before(fact: str) -> pl.Expr:
    """Return what the last word before each one said of a fact; missing where none did."""
    place = _place_before(pl.col(fact).is_not_null())
    return pl.col(fact).gather(place)


def _after(fact: str) -> pl.Expr:
    """Return what the next known word after each one says of a fact; missing where none does."""
    says = pl.col(fact).is_not_null() & ~pl.col("given")
    place = pl.when(says).then("place").backward_fill().shift(-1)
    return pl.col(fact).gather(pl.when(place <= pl.col("last")).then(place))


def _place_before(says: pl.Expr) -> pl.Expr:
    place = pl.when(says).then("place").forward_fill().shift(1)
    return pl.when(place >= pl.col("first")).then(place)


def _happened_before() -> pl.Expr:
    """Return when the truth of each word came true, as earlier words with the same truth said it."""
    turns = pl.col("truth").is_not_null() & pl.col("truth").ne_missing(pl.col("truth_before"))
    since = pl.when(turns).then("place").forward_fill()
    place = _place_before(pl.col("happened_at").is_not_null() & pl.col("truth").is_not_null())
    return pl.col("happened_at").gather(pl.when(place >= since).then(place))


def _state_of_truth() -> pl.Expr:
    """Return the place in _STATUSES of what a word says of the truth."""
    truth, happened = pl.col("truth"), pl.col("happened_at")
    known, taken, corrected = (pl.lit(place) for place in range(3))
    return (
        pl.when(truth.is_null())
        .then(known)
        .when(pl.col("truth_before").is_null())
        .then(taken)
        .when(truth != pl.col("truth_before"))
        .then(pl.when(pl.col("truth_after").is_null()).then(corrected).otherwise(taken))
        .when(happened.is_null() | (happened == pl.col("happened_before")))
        .then(known)
        .when(pl.col("happened_before").is_null())
        .then(taken)
        .otherwise(corrected)
    )


def _state_of_acting() -> pl.Expr:
    """Return the place in _STATUSES of what a word says of whether somebody acted."""
    acted, before = pl.col("acted_on"), pl.col("acted_on_before")
    known, taken, corrected = (pl.lit(place) for place in range(3))
    differs = pl.when(pl.col("acted_on_after").is_null()).then(corrected).otherwise(taken)
    return (
        pl.when(acted.is_null() | (acted == before)).then(known).when(before.is_null()).then(taken).otherwise(differs)
    )


def _repetitions(repeated: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return given ones whose very words are known, with a remark on those that were corrected since."""
    truth = pl.coalesce(pl.col("label"), pl.col("number").cast(pl.String))
    is_corrected = pl.col("is_undated") & (truth != pl.col("last")).fill_null(value=False)
    return (
        repeated.join(_corrections(known).with_columns(last=truth), on="prediction_id", how="left", suffix="_last")
        .with_columns(
            status=pl.lit(_STATUSES[0]),
            what=pl.when(is_corrected).then(pl.lit("This was said before and corrected since; the correction stands.")),
            fix=pl.when(is_corrected).then(pl.lit("If it is no repetition, give its recorded_at.")),
        )
        .select(*repeated.columns, "status", "what", "fix")
    )


def _corrections(known: pl.DataFrame) -> pl.DataFrame:
    """Return prediction_id, label and number of the last truth of each prediction that has more than one."""
    differ = pl.any_horizontal(pl.col(name).min() != pl.col(name).max() for name in ("label", "number"))
    several = known.group_by("prediction_id").agg(several=differ).filter("several")
    words = known.join(several, on="prediction_id", how="semi").sort("recorded_at", "received_at", "outcome_id")
    says = pl.any_horizontal(pl.col("label", "number").is_not_null())
    return words.filter(says).unique("prediction_id", keep="last").select("prediction_id", "label", "number")
