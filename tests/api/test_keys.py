from datetime import UTC, datetime, timedelta

import pytest

import milepost
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.serve.keys import Keys
from milepost.serve.replies import Refusal

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def add(folder, name="shop", **others):
    return milepost.keys_add(name, problem=folder / "milepost.toml", clock=lambda: NOW, **others)


def listed(folder, *, days=0):
    return milepost.keys_list(problem=folder / "milepost.toml", clock=lambda: NOW + timedelta(days=days))


def opens(folder, key, scope, *, days=0):
    """Return whether the service would let a caller with this key do something."""
    path = folder / ".milepost" / "serving" / "churn" / "keys.json"
    try:
        Keys(path, clock=lambda: NOW + timedelta(days=days)).check({b"authorization": f"Bearer {key}".encode()}, scope)
    except Refusal:
        return False
    return True


def test_a_key_opens_what_its_scopes_say_until_it_ends(telco):
    key = add(telco, scopes=["predict"], until="90d").key
    assert opens(telco, key, "predict", days=89)
    assert not opens(telco, key, "predict", days=90)
    assert not opens(telco, key, "outcomes")


def test_a_key_is_shown_once_and_kept_nowhere(telco):
    added = add(telco)
    assert added.scopes == ("predict", "outcomes")
    assert added.key in str(added)
    assert "once" in added.says[0]
    assert all(added.key.encode() not in path.read_bytes() for path in telco.rglob("*") if path.is_file())
    assert added.key not in str(listed(telco))


def test_the_first_key_says_that_nobody_is_answered_without_one_from_now_on(telco):
    first, second = add(telco, "prom", scopes=["read"]).says, add(telco).says
    assert "from now on the service of churn answers nobody without one" in first[-1]
    assert "milepost keys add NAME --scope predict --problem" in first[-1]
    assert not any("first key" in sentence for sentence in second)


def test_a_holder_changes_keys_one_after_the_other(telco):
    old, new = add(telco).key, None
    ended = milepost.keys_end("shop", at="7d", problem=telco / "milepost.toml", clock=lambda: NOW)
    new = add(telco).key
    assert ended.keys == 1
    assert opens(telco, old, "predict", days=6)
    assert not opens(telco, old, "predict", days=7)
    assert opens(telco, new, "predict", days=7)
    assert [key.is_valid for key in listed(telco, days=8).keys] == [False, True]


def test_a_holder_gets_no_second_key_while_the_first_has_no_end(telco):
    key = add(telco).key
    with pytest.raises(MilepostError, match="'shop' has a key already") as refused:
        add(telco)
    assert "keys end shop --at 7d" in refused.value.fix
    assert len(listed(telco).keys) == 1
    assert opens(telco, key, "predict")
    assert add(telco, "bank").name == "bank"


def test_who_ended_the_last_key_learns_how_to_serve_without(telco):
    add(telco)
    ended = milepost.keys_end("shop", problem=telco / "milepost.toml", clock=lambda: NOW)
    path = telco / ".milepost" / "serving" / "churn" / "keys.json"
    assert f"remove the file {path}" in ended.says[-1]
    path.unlink()
    assert "answers everybody" in listed(telco).says[0]


def test_no_keys_all_ended_and_some_left_are_told_apart(telco):
    assert "answers everybody" in listed(telco).says[0]
    add(telco)
    assert listed(telco).says == ("Only callers with a key are answered: shop.",)
    ended = milepost.keys_end("shop", problem=telco / "milepost.toml", clock=lambda: NOW)
    assert "nobody is answered" in ended.says[1]
    assert listed(telco).says == ("All of them have ended: nobody is answered.",)
    assert listed(telco).next_step == "milepost keys add NAME --problem " + str(telco / "milepost.toml")


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"scopes": ["predcit"]}, "No scope is called 'predcit'"),
        ({"name": " "}, "needs a name"),
        ({"until": "2026-04-30"}, "has passed"),
        ({"until": "soon"}, "'soon' is no time"),
    ],
)
def test_what_makes_no_key_is_refused_and_nothing_is_written(telco, asked, what):
    with pytest.raises(MilepostError, match=what):
        add(telco, **asked)
    assert not (telco / ".milepost").exists()


def test_a_key_that_nobody_has_cannot_end(telco):
    add(telco)
    with pytest.raises(UnknownNameError, match="'shpo'") as refused:
        milepost.keys_end("shpo", problem=telco / "milepost.toml")
    assert "'shop'" in refused.value.fix
