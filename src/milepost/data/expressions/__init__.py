"""Row-wise expressions: one text, one tree, two evaluators that give the same bits.

    "total_charges / nullif(tenure, 0)"  ── parse.py ──►  tree (plain JSON, kept in bundles)
                                                            ├── column.py  as_polars(tree)    a whole table
                                                            └── scalar.py  as_function(tree)  one row

The language is Polars SQL without everything that looks beyond its own row. Functions and operators are rows of
tables (`numbers.py`, `texts.py`, `times.py`, `logic.py`); `functions.py` gathers them, so a new function is one row.

Types are number, boolean, text, date and datetime (UTC); nothing is converted in silence, save a date beside a
datetime. Column names are matched letter for letter, words and functions in any case. A "name with spaces" stands in
double quotes, a 'text' in single ones.

    + - * / %   = == <> != < <= > >=   AND OR NOT   IS [NOT] NULL | TRUE | FALSE   [NOT] IN (…)   [NOT] BETWEEN … AND …
    [NOT] LIKE 'a%'   ILIKE   ||   CASE WHEN … THEN … ELSE … END   CASE x WHEN … END   IF   COALESCE   IFNULL   NULLIF
    GREATEST LEAST   ABS SIGN ROUND FLOOR CEIL TRUNC SQRT EXP LN LOG(x, base) LOG10 LOG2 LOG1P POWER MOD
    LOWER UPPER TRIM LTRIM RTRIM LENGTH LEFT RIGHT SUBSTR CONCAT REPLACE STARTS_WITH ENDS_WITH
    EXTRACT(year FROM t), DATE_PART('year', t), YEAR(t): year isoyear quarter month week day doy dow isodow hour minute
    second epoch   DATE '2024-01-31'   TIMESTAMP '2024-01-31 12:00:00'   CAST(x AS DOUBLE), x::TEXT

Where we differ from Polars SQL on purpose:

- All numbers are float64, so integers above 2**53 lose their last digits. Division is true division, to the last bit
  (Polars multiplies by the reciprocal of a constant).
- A number is finite or missing, at every step: x / 0, ln(-1), exp(1000), and NaN or infinity in the table are missing.
- A difference of two times is a number of days. A date compared with a datetime is its midnight in UTC.
- x IS TRUE is false where x is missing, as in standard SQL (in Polars it is missing).
- CAST never fails: a text that is no number is missing. CAST AS INTEGER cuts towards zero and has no upper limit;
  a whole number becomes text without a point (7, not 7.0).
- POWER, ROUND, LOG, LOG2 and LOG10 may differ from Polars in the last bits; LOG10(1000) is 3.
- UPPER, LOWER and ILIKE follow Python's tables of letters; RIGHT(x, 0) is an empty text.
- The values of IN, patterns, and the counts of ROUND, LEFT, RIGHT, SUBSTR are written out, not computed.
- EXTRACT(epoch …) is right for every date; hours and minutes are asked of a datetime only.
- Booleans are not numbers: write flag = TRUE or CAST(flag AS DOUBLE). Texts are joined by ||, not by +.
"""
