"""Many rows at once: what the log holds of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from milepost.predictor.selftest import usual_row
from milepost.serve.batches import AnsweredBatch, Batch, answer_batch, batch_answers, batch_table
from milepost.serve.state import read_state
from milepost.serve.voices import load_voice


def test_a_row_without_an_answer_has_none_in_the_log_either(make_settings):
    settings = make_settings()
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    rows = [usual_row(voice.predictor.schema)] * 3
    answered = answer_batch(voice, rows)
    known = pl.int_range(pl.len()) != 1
    answers = answered.answers.with_columns(pl.when(known).then(pl.exclude("flags")).name.keep())
    batch = Batch(rows, ["1", "2", "3"], ["a", "b", "c"], None, "r", 0, "http")
    without = AnsweredBatch(answers, answered.inputs, answered.guards)
    table, said = batch_table(voice, "champion", batch, without, settings), batch_answers(voice, batch, without)
    assert table["probabilities"].is_null().to_list() == [False, True, False]
    assert table["probabilities"][0].to_list() == list(said[0]["probabilities"].values())
    assert table["label"].to_list() == table["decision_label"].to_list() == [one["prediction"] for one in said]
    assert [list(one["probabilities"].values()) for one in said][1] == [None, None]
    assert table["request_id"].to_list() == ["r"] * 3
    assert table["entity"].to_list() == ["1", "2", "3"]
