from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from milepost.data.sources import scan
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.workspace import Workspace
from milepost.problem.spec import SqlSource

TABLE = pl.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"], "x": [0.5, 1.5, None]})
AS_TEXT = [("1", "a", "0.5"), ("2", None, "1.5"), ("3", "c", None)]


def rows_of(source, tmp_path: Path, **options) -> list[tuple]:
    return scan(source, workspace=Workspace(tmp_path / "ws"), base=tmp_path, **options).frame.collect().rows()


def fails(source, tmp_path: Path, **options) -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        rows_of(source, tmp_path, **options)
    return caught.value


def write(tmp_path: Path, name: str) -> str:
    path = tmp_path / name
    kinds = {
        ".csv": TABLE.write_csv,
        ".jsonl": TABLE.write_ndjson,
        ".json": TABLE.write_json,
        ".parquet": TABLE.write_parquet,
        ".arrow": TABLE.write_ipc,
        ".feather": TABLE.write_ipc,
        ".xlsx": TABLE.write_excel,
    }
    if path.suffix == ".tsv":
        TABLE.write_csv(path, separator="\t")
    elif path.suffix == ".delta":
        TABLE.write_delta(path)
    else:
        kinds[path.suffix](path)
    return name


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.xlsx"])
def test_formats_of_text_come_as_text(tmp_path, name):
    assert rows_of(write(tmp_path, name), tmp_path) == AS_TEXT


@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.parquet", "t.arrow", "t.feather", "t.delta"])
def test_formats_with_types_keep_them(tmp_path, name):
    assert rows_of(write(tmp_path, name), tmp_path) == TABLE.rows()


@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.parquet", "t.arrow"])
def test_a_zero_character_in_a_name_is_refused_with_its_column_and_position(tmp_path, name):
    table, path = TABLE.rename({"name": "na\0me"}), tmp_path / name
    writers = {
        ".jsonl": table.write_ndjson,
        ".json": table.write_json,
        ".parquet": table.write_parquet,
        ".arrow": table.write_ipc,
    }
    writers[path.suffix](path)
    error = fails(name, tmp_path)
    assert error.what == "The name of column 2, 'na\\x00me', holds a zero character at position 3."
    assert "\0" not in str(error)


def test_the_content_counts_more_than_the_name(tmp_path):
    TABLE.write_parquet(tmp_path / "t.csv")
    assert rows_of("t.csv", tmp_path) == TABLE.rows()


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_the_files_of_a_glob_stand_below_each_other_in_the_order_of_their_names(tmp_path, suffix):
    for number in (2, 1):
        table = pl.DataFrame({"n": [number]})
        {"csv": table.write_csv, "parquet": table.write_parquet, "jsonl": table.write_ndjson}[suffix](
            tmp_path / f"part-{number}.{suffix}"
        )
    assert [int(n) for (n,) in rows_of(f"part-*.{suffix}", tmp_path)] == [1, 2]


def test_whole_and_broken_numbers_of_a_glob_become_broken_ones(tmp_path):
    pl.DataFrame({"n": [1], "z": [None]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"n": [0.5], "z": ["x"]}).write_parquet(tmp_path / "b.parquet")
    assert rows_of("*.parquet", tmp_path) == [(1.0, None), (0.5, "x")]


@pytest.mark.parametrize(
    ("other", "what"),
    [({"n": ["x"]}, "b.parquet does not have the types of a.parquet: 'n' is String, not Int64"),
     ({"m": [1]}, "b.parquet does not have the columns of a.parquet: it lacks 'n' and has 'm' beside them")],
)  # fmt: skip
def test_a_file_of_a_glob_that_differs_is_named(tmp_path, other, what):
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(other).write_parquet(tmp_path / "b.parquet")
    error = fails("*.parquet", tmp_path)
    assert what in error.what
    assert error.where.endswith("b.parquet")


def test_two_formats_in_one_glob_are_refused(tmp_path):
    write(tmp_path, "t1.csv")
    write(tmp_path, "t2.parquet")
    assert "t2.parquet is parquet, but t1.csv is delimited" in fails("t*", tmp_path).what


def test_a_staged_table_is_made_once_and_again_when_the_file_changes(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    said = []
    first = scan("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path, listener=said.append)
    again = scan("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path, listener=said.append)
    assert (first.key, len(said)) == (again.key, 1)
    (tmp_path / "t.csv").write_text("a,b\n1,3\n")
    assert rows_of("t.csv", tmp_path) == [("1", "3")]


def test_what_was_odd_is_said_again_when_the_table_is_staged_already(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\nCafé,2\n".encode("cp1252"))
    codes = [
        [found.code for found in scan("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path).findings]
        for _ in range(2)
    ]
    assert codes == [["encoding-guessed"], ["encoding-guessed"]]


def test_two_readers_at_once_stage_the_same_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 20_000)
    with ThreadPoolExecutor(4) as pool:
        lengths = list(pool.map(lambda _: len(rows_of("t.csv", tmp_path)), range(4)))
    assert lengths == [20_000] * 4
    assert not list((tmp_path / "ws" / "staged").glob(".*"))


# what is no table


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("t.csv", b"", "t.csv is empty"),
        ("t.csv", b"\n \n", "t.csv is empty"),
        ("t.csv", b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        ("t.parquet", b"PAR1" + b"\0" * 100, "not a Parquet file, or it is cut off"),
        ("t.parquet", b"hello", "not a Parquet file"),
        ("t.arrow", b"ARROW1\0\0hello", "not an Arrow file"),
        ("t.xlsx", b"PK\x03\x04garbage", "not a workbook"),
        ("t.csv", b"%PDF-1.7 ...", "a PDF document"),
        ("t.csv", b"<!DOCTYPE html><p>404</p>", "a page of HTML"),
        ("t.jsonl", b'{"a": 1}\nfoo\n', "no JSON object"),
        ("t.csv", bytes(range(256)) * 4, "binary data"),
        ("t.db", b"SQLite format 3\0....", "a SQLite database"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(tmp_path, name, content, what):
    (tmp_path / name).write_bytes(content)
    error = fails(name, tmp_path)
    assert what in error.what
    assert name in error.where


def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[: len(whole) // 2])
    assert "cut off or damaged" in fails("t.parquet", tmp_path).what


def test_a_file_that_is_not_there_is_met_with_the_nearest_name(tmp_path):
    (tmp_path / "telco.csv").write_text("a\n1\n")
    error = fails("telko.csv", tmp_path, where="milepost.toml, line 7, data.source")
    assert (error.what, error.fix) == ("There is no file 'telko.csv'.", "Write 'telco.csv' instead.")
    assert error.where.startswith("milepost.toml, line 7, data.source")


@pytest.mark.parametrize(("there", "near"), [("one.csv", False), ("nofile.parquet", True), ("no_file.csv", True)])
def test_another_file_is_suggested_only_where_its_name_is_near(tmp_path, there, near):
    (tmp_path / there).write_text("a\n1\n")
    fix = fails("nofile.csv", tmp_path).fix
    assert (fix == f"Write {there!r} instead.") == near


def test_a_folder_is_no_table_but_its_files_are(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.csv").write_text("a\n1\n")
    assert fails("parts", tmp_path).fix.endswith("*.csv")


def test_a_glob_without_a_match_is_refused(tmp_path):
    assert fails("nothing-*.csv", tmp_path).what == "No file matches."


def test_a_workbook_names_the_sheet_that_is_read(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as book:
        book.add_worksheet("Empty")
        for name in ("Data", "More"):
            book.add_worksheet(name).write_row(0, 0, ["a", "b"])
            book.get_worksheet_by_name(name).write_row(1, 0, [1, name])
    assert rows_of("b.xlsx", tmp_path) == [("1", "Data")]
    assert rows_of("b.xlsx#More", tmp_path) == [("1", "More")]
    assert "'More' instead" in fails("b.xlsx#Mor", tmp_path).fix


# databases


@pytest.fixture
def database(tmp_path) -> Path:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("create table t (a, b, c)")
        connection.executemany("insert into t values (?, ?, ?)", [(1, "x", 0.1), (2, None, 1e22), ("n/a", b"\1", 3)])
        connection.commit()
    return tmp_path / "x.db"


def ask(query: str, uri: str = "sqlite:///x.db") -> SqlSource:
    return SqlSource(uri=uri, query=query)


def test_a_sqlite_query_gives_its_rows_as_text(database, tmp_path):
    assert rows_of(ask("select * from t;"), tmp_path) == [("1", "x", "0.1"), ("2", None, "1e+22"), ("n/a", "01", "3")]
    assert rows_of(ask("with q as (select a from t) select * from q", f"sqlite:///{database}"), tmp_path)[0] == ("1",)
    assert rows_of(ask("select a from t where a > 99 and a < 100"), tmp_path) == []


def test_a_secret_comes_from_the_environment(database, tmp_path, monkeypatch):
    monkeypatch.setenv("CHURN_DB", f"sqlite:///{database}")
    assert len(rows_of(ask("select * from t", "${CHURN_DB}"), tmp_path)) == 3
    monkeypatch.delenv("CHURN_DB")
    assert isinstance(fails(ask("select 1", "${CHURN_DB}"), tmp_path), EnvironmentFault)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("select * from nope", "no such table: nope"),
        ("drop table t", "readonly"),
        ("select a, a from t", "'a' stands 2 times"),
        ("selec 1", "syntax error"),
    ],
)
def test_a_refused_query_names_its_place(database, tmp_path, query, what):
    error = fails(ask(query), tmp_path, where="milepost.toml, line 7, data.source")
    assert what in error.what
    assert error.where == "milepost.toml, line 7, data.source.query"


def test_a_database_that_is_not_there_or_not_offered_is_refused(tmp_path):
    assert "There is no database nope.db" in fails(ask("select 1", "sqlite:///nope.db"), tmp_path).what
    assert "'mysql:' are not offered" in fails(ask("select 1", "mysql://host/x"), tmp_path).what


def test_a_server_that_does_not_answer_is_a_fault_of_the_environment(tmp_path, monkeypatch):
    pytest.importorskip("adbc_driver_postgresql")
    monkeypatch.setenv("DB_PASSWORD", "geheim")
    error = fails(ask("select 1", "postgresql://ann:${DB_PASSWORD}@127.0.0.1:9/x"), tmp_path, where="data.source")
    assert (error.exit_code, "geheim" in str(error)) == (5, False)


# addresses


@pytest.fixture
def web(tmp_path):
    """Return the address of a folder that a server on this machine gives out."""
    import functools
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.xlsx"])
def test_a_web_address_is_fetched_and_read_as_what_it_holds(tmp_path, web, name):
    write(tmp_path, name)
    assert len(rows_of(f"{web}/{name}", tmp_path)) == 3


def test_an_address_with_nothing_behind_it_is_the_users_mistake(tmp_path, web):
    assert fails(f"{web}/nope.csv", tmp_path).exit_code == 2


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9/t.csv", "http://no.such.invalid/t.parquet", "s3://bucket/t.parquet"]
)
def test_an_address_that_cannot_be_reached_is_a_fault_of_the_environment(tmp_path, uri, monkeypatch):
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y",
                        "REGION": "us-east-1"}.items():  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    error = fails(uri, tmp_path)
    assert error.exit_code == 5
    assert "cannot be reached" in error.what


def test_notes_that_were_lost_are_made_again(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\ncafé,1\n".encode("cp1252"))
    first = scan("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path)
    (notes,) = Workspace(tmp_path / "ws").staged.glob("*.json")
    notes.unlink()
    again = scan("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path)
    assert [found.code for found in again.findings] == [found.code for found in first.findings] == ["encoding-guessed"]


def test_json_lines_may_begin_with_a_mark(tmp_path):
    (tmp_path / "t.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')
    assert rows_of("t.jsonl", tmp_path) == [(1,), (2,)]


@pytest.mark.parametrize(("text", "what"), [
    ('{"data": [{"a": 1}, {"a": 2}]}\n', "only lists and objects: 'data'"), ("{}\n{}\n", "no keys at all"),
])  # fmt: skip
def test_json_of_which_no_column_comes_is_refused(tmp_path, text, what):
    (tmp_path / "t.jsonl").write_text(text)
    assert what in fails("t.jsonl", tmp_path).what


def test_a_server_is_asked_even_where_its_database_is_called_like_a_file(tmp_path, monkeypatch):
    error = fails(SqlSource(uri="mysql://host/churn.db", query="select 1"), tmp_path)
    assert "'mysql:'" in error.what


@pytest.mark.parametrize("source", [
    "http://127.0.0.1:1/x/${TOK}", "/nonexist/${TOK}/x.csv", "${TOK}.csv", "http://127.0.0.1:1/a.csv?token=${TOK}",
    "http://127.0.0.1:1/${TOK}.csv",
])  # fmt: skip
def test_an_error_never_holds_a_secret(tmp_path, monkeypatch, source):
    monkeypatch.setenv("TOK", "SUPERSECRET123")
    error = fails(source, tmp_path)
    assert "SUPERSECRET123" not in str(error)


@pytest.mark.parametrize("source", ["${TOK}.csv", "${TOK}/t.csv", "WEB/share/${TOK}", "WEB/t.csv?token=${TOK}"])
def test_names_and_events_never_hold_a_secret(tmp_path, monkeypatch, web, source):
    monkeypatch.setenv("TOK", "SUPERSECRET123")
    for path in (tmp_path / "SUPERSECRET123.csv", tmp_path / "SUPERSECRET123" / "t.csv"):
        path.parent.mkdir(exist_ok=True)
        TABLE.write_csv(path)
    workspace, heard = Workspace(tmp_path / "ws"), []
    if source.startswith("WEB"):
        source = source.replace("WEB", web)
        (tmp_path / "share").mkdir(exist_ok=True)
        TABLE.write_csv(tmp_path / "share" / "SUPERSECRET123")
        TABLE.write_csv(tmp_path / "t.csv")
    scanned = scan(source, workspace=workspace, base=tmp_path, listener=heard.append)
    said = [scanned.name, *(event.message for event in heard), *(path.name for path in workspace.staged.iterdir())]
    assert scanned.frame.collect().rows() == AS_TEXT
    assert not [text for text in said if "SUPERSECRET123" in text]
