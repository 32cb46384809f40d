from __future__ import annotations

import tomllib

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from milepost.problem.lines import lines_of


def keys_of(document: dict, prefix: str = "") -> set[str]:
    found = set()
    for name, value in document.items():
        found.add(prefix + name)
        if isinstance(value, dict):
            found |= keys_of(value, f"{prefix}{name}.")
    return found


def test_each_key_has_its_own_line():
    text = '# first\n[data] # a table\nid = "x"\n\n"quoted key" = 1\ntime.zone = 3\n[[list]]\na=1'
    text += "\n[list2]\nb = {c = 1, d = [\n{e=2}]}"
    assert lines_of(text) == {
        "data": 2,
        "data.id": 3,
        "data.quoted key": 5,
        "data.time": 6,
        "data.time.zone": 6,
        "list": 7,
        "list[1]": 7,
        "list.a": 8,
        "list[1].a": 8,
        "list2": 9,
        "list2.b": 10,
        "list2.b.c": 10,
        "list2.b.d": 10,
        "list2.b.d[1]": 11,
        "list2.b.d.e": 11,
        "list2.b.d[1].e": 11,
    }


def test_each_table_of_a_list_has_its_own_lines():
    text = "[[a.b]]\nc = 1\n[[a.b]]\nc = 2\nd = [{e = 1},\n{e = 2}]\n[a.b.f]\ng = 1\n"
    found = lines_of(text)
    assert (found["a.b"], found["a.b.c"], found["a.b[1].c"], found["a.b[2].c"]) == (1, 2, 2, 4)
    assert (found["a.b[2].d[1].e"], found["a.b[2].d[2].e"], found["a.b[2].f.g"]) == (5, 6, 8)


def test_texts_that_look_like_keys_are_no_keys():
    text = 'a = """\nb = 1\n[c]\n"""\nd = \'\'\'\ne = 2\'\'\'\nf = ["g = 3", # h = 4\n "]"]\ni = "x # y"\n'
    assert lines_of(text) == {"a": 1, "d": 5, "f": 7, "i": 9}


def test_windows_line_ends_count_once():
    assert lines_of('[a]\r\nb = 1\r\nc = "x"\r\n') == {"a": 1, "a.b": 2, "a.c": 3}


scalars = st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=8), st.datetimes())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), values, max_size=5))
def test_every_key_that_tomllib_reads_has_a_line(document):
    text = tomlkit.dumps(document)
    found = lines_of(text)
    assert keys_of(tomllib.loads(text)) <= set(found)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
