from __future__ import annotations

import gzip

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.delimited import stage_delimited
from milepost.ground.errors import MilepostError


@pytest.fixture
def read(tmp_path):
    """Return a function that writes files, stages them together and gives rows as tuples."""

    def stage(*contents: str | bytes, name: str = "t.csv") -> list[tuple]:
        paths = [tmp_path / f"{number}-{name}" for number, _ in enumerate(contents)]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        stage.findings = stage_delimited(paths, tmp_path / "staged.parquet")
        return pl.read_parquet(tmp_path / "staged.parquet").rows()

    return stage


def test_every_cell_comes_as_text_and_an_empty_one_as_missing(read):
    assert read("a,b\n1,x\n,2.50\n") == [("1", "x"), (None, "2.50")]


@pytest.mark.parametrize(
    "content",
    ['a;b\n"x; y";1\nz;2\n', "a,b\r\"x; y\",1\rz,2\r", '\ufeffa\tb\nx; y\t1\nz\t2\n', 'a, b\n"x; y", 1\n"z", 2\n',
     "a,b\n'x; y',1\n'z',2\n"],
)  # fmt: skip
def test_the_same_table_in_other_clothes_reads_the_same(read, content):
    assert read(content) == [("x; y", "1"), ("z", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_letters_survive_every_encoding(read, encoding):
    assert read("a,b\nCafé,Zürich\n".encode(encoding)) == [("Café", "Zürich")]
    assert [found.code for found in read.findings] == (["encoding-guessed"] if encoding == "cp1252" else [])


def test_a_letter_that_is_not_utf8_far_down_changes_the_encoding_of_the_whole(read):
    rows = b"a,b\n" + b"x,1\n" * 300_000 + "Café,2\n".encode("cp1252")
    assert read(rows)[-1] == ("Café", "2")


def test_quotes_may_hold_delimiters_line_breaks_and_quotes(read):
    assert read('a,b\n"x\ny, ""z""",1\n') == [('x\ny, "z"', "1")]


def test_a_quote_in_the_middle_of_a_quoted_cell_is_refused_with_its_line(read):
    with pytest.raises(MilepostError, match="needs a delimiter") as caught:
        read('a,b\n1,2\n"5" pipe,1\n')
    assert caught.value.where.endswith("line 3")


def test_a_stray_quote_inside_a_cell_belongs_to_it(read):
    assert read('a,b\n5" pipe,1\n6" pipe,2\n') == [('5" pipe', "1"), ('6" pipe', "2")]


def test_packed_files_are_read(read):
    assert read(gzip.compress(b"a,b\n1,2\n"), name="t.csv.gz") == [("1", "2")]


def test_zstandard_is_read(tmp_path):
    pl.DataFrame({"a": ["1"], "b": ["2"]}).lazy().sink_csv(tmp_path / "t.csv.zst", compression="zstd")
    stage_delimited([tmp_path / "t.csv.zst"], tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").rows() == [("1", "2")]


@pytest.mark.parametrize(
    ("content", "line"),
    [("a,b\n1,2\n1,2,3\n", 3), ("a,b,c\n1,2,3\n1,2\n4,5,6\n", 3), ('a,b\n"x\ny",2\n1,2,3\n', 4), ("a,b\n1,2\n3\n", 3),
     ('a, b\n"x", 1\n"y"\n', 3)],
)  # fmt: skip
def test_a_row_of_another_length_is_refused_with_its_line(read, content, line):
    with pytest.raises(MilepostError, match="A row has") as caught:
        read(content)
    assert caught.value.where.endswith(f"line {line}")


def test_a_quote_that_is_never_closed_is_found(read):
    rows = "\n".join(f"{number},x" for number in range(100))
    with pytest.raises(MilepostError, match="never closed") as caught:
        read(f'a,b\n1,"y\n{rows}\n')
    assert caught.value.where.endswith("line 2")


def test_an_empty_last_cell_is_no_short_row(read):
    assert read('a,b\n1,\n"x\ny",\n') == [("1", None), ("x\ny", None)]


def test_a_line_break_in_quotes_is_no_short_row(read):
    assert read('a,b,c\n1,"x\nlong, line, here",\n2,y,3\n') == [("1", "x\nlong, line, here", None), ("2", "y", "3")]


def test_files_of_one_table_may_order_their_columns_differently(read):
    assert read("a,b\n1,2\n", "b,a\n4,3\n") == [("1", "2"), ("3", "4")]


def test_a_file_with_other_columns_is_named(read):
    with pytest.raises(
        MilepostError, match=r"1-t.csv does not have the columns of 0-t.csv: it lacks 'price'"
    ) as caught:
        read("a,price\n1,2\n", "a,pirce\n1,2\n")
    assert "Rename 'pirce' to 'price'" in caught.value.fix


cells = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cc", "Cs"]), max_size=8
)


@settings(max_examples=40)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_what_is_written_with_quotes_reads_back(tmp_path_factory, rows, mark):
    folder = tmp_path_factory.mktemp("csv")
    quoted = ['"' + cell.replace('"', '""') + '"' for row in rows for cell in row]
    lines = [mark.join(quoted[place : place + 2]) for place in range(0, len(quoted), 2)]
    (folder / "t.csv").write_text("\n".join([f"first{mark}second", *lines]) + "\n", encoding="utf-8", newline="")
    stage_delimited([folder / "t.csv"], folder / "out.parquet")
    found = pl.read_parquet(folder / "out.parquet").fill_null("").rows()
    assert found == rows
