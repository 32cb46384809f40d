from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from milepost.ground.errors import EnvironmentFault, MilepostError, UnknownNameError
from milepost.serve.app import ROUTES
from milepost.serve.keys import SCOPES, SCOPES_OF, Keys, add_key, end_keys, read_keys
from milepost.serve.replies import Refusal
from milepost.serve.service import KEYS_FILE
from serving import ask, usual_row

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "serving" / "keys.json"


def bearing(secret: str) -> dict[bytes, bytes]:
    return {b"authorization": f"Bearer {secret}".encode()}


def status(keys: Keys, secret: str, scope: str = "predict") -> int:
    """Return 200 where a caller may pass."""
    try:
        keys.check(bearing(secret), scope)
    except Refusal as refusal:
        return refusal.status
    return 200


def test_without_a_file_nobody_needs_a_key(path):
    keys = Keys(path)
    assert not keys.are_needed
    keys.check({}, "admin")


def test_a_key_opens_its_scopes_and_no_others(path):
    secret = add_key(path, "shop", ["predict", "outcomes"])
    assert {scope: status(Keys(path), secret, scope) for scope in SCOPES} == {
        "predict": 200, "outcomes": 200, "read": 403, "admin": 403,
    }  # fmt: skip


def test_admin_may_ask_all(path):
    secret = add_key(path, "us", ["admin"])
    assert {status(Keys(path), secret, scope) for scope in SCOPES} == {200}


@pytest.mark.parametrize(
    "headers",
    [
        {}, {b"authorization": b""}, {b"authorization": b"Bearer"}, {b"authorization": b"Bearer "},
        {b"authorization": b"Bearer wrong"}, {b"authorization": b"Basic SECRET"}, {b"authorization": b"SECRET"},
        {b"x-api-key": b""}, {b"x-api-key": b"\xff"}, {b"authorization": b"Bearer \xff\x00"},
    ],
)  # fmt: skip
def test_whoever_has_no_key_is_told_how_to_send_one_and_nothing_else(path, headers):
    secret = add_key(path, "shop", ["predict"]).encode()
    with pytest.raises(Refusal) as refusal:
        Keys(path).check({name: value.replace(b"SECRET", secret) for name, value in headers.items()}, "predict")
    assert refusal.value.status == 401
    assert (b"www-authenticate", b"Bearer") in refusal.value.headers
    assert "shop" not in str(refusal.value)


def test_a_key_may_come_in_either_header(path):
    secret = add_key(path, "shop", ["predict"]).encode()
    keys = Keys(path)
    for headers in ({b"authorization": b"bearer  " + secret}, {b"x-api-key": secret}):
        keys.check(headers, "predict")


def test_the_file_holds_no_secret_and_is_for_its_owner_alone(path):
    secret = add_key(path, "shop", ["predict"])
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_ends_at_its_time(path):
    now = [NOW]
    secret = add_key(path, "shop", ["predict"], until=NOW + timedelta(days=1), clock=lambda: NOW)
    keys = Keys(path, clock=lambda: now[0])
    assert status(keys, secret) == 200
    now[0] += timedelta(days=1)
    assert status(keys, secret) == 401


def test_keys_rotate_without_a_moment_in_which_none_is_valid(path):
    old = add_key(path, "shop", ["predict"], clock=lambda: NOW)
    keys = Keys(path, clock=lambda: NOW)
    new = add_key(path, "shop", ["predict"], clock=lambda: NOW)
    keys.refresh()
    assert (status(keys, old), status(keys, new)) == (200, 200)
    assert end_keys(path, "shop", clock=lambda: NOW) == 2
    newest = add_key(path, "shop", ["predict"], clock=lambda: NOW)
    keys.refresh()
    assert [status(keys, secret) for secret in (old, new, newest)] == [401, 401, 200]


def test_keys_that_ended_before_are_not_counted_again(path):
    add_key(path, "shop", ["predict"], clock=lambda: NOW)
    assert end_keys(path, "shop", clock=lambda: NOW) == 1
    with pytest.raises(UnknownNameError):
        end_keys(path, "shop", clock=lambda: NOW)
    with pytest.raises(UnknownNameError):
        end_keys(path, "nobody", clock=lambda: NOW)


@pytest.mark.parametrize(("name", "scopes"), [("shop", []), (" ", ["predict"]), ("shop", ["predictt"])])
def test_a_key_without_name_or_scope_is_refused_and_nothing_is_written(path, name, scopes):
    with pytest.raises(MilepostError):
        add_key(path, name, scopes)
    assert not path.exists()


def test_an_end_without_a_zone_is_refused(path):
    with pytest.raises(MilepostError, match="zone"):
        add_key(path, "shop", ["predict"], until=datetime(2026, 3, 1))
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{}", "[{}]", '[{"name": "a", "hash": "b", "scopes": ["all"], "made": "x"}]'])
def test_a_damaged_file_lets_nobody_in_who_had_no_key_before(path, content):
    secret = add_key(path, "shop", ["predict"])
    keys = Keys(path)
    path.write_text(content)
    with pytest.raises(MilepostError):
        keys.refresh()
    with pytest.raises(MilepostError):
        Keys(path)
    assert (status(keys, secret), status(keys, "another")) == (200, 401)


@pytest.mark.parametrize("needed", [False, True])
def test_with_a_file_that_goes_away_its_keys_go_and_nobody_may_ask(path, needed):
    secret = add_key(path, "shop", ["predict"])
    keys = Keys(path, needed=needed)
    path.unlink()
    keys.refresh()
    assert [status(keys, one) for one in (secret, "another", "")] == [401, 401, 401]


def test_where_keys_are_needed_a_service_without_its_file_lets_nobody_in_until_there_is_a_key(path):
    keys = Keys(path, needed=True)
    assert keys.are_needed
    assert status(keys, "any") == 401
    secret = add_key(path, "shop", ["predict"])
    keys.refresh()
    assert status(keys, secret) == 200


def test_a_file_that_cannot_be_looked_at_is_a_fault_and_keys_known_before_stay(path):
    secret = add_key(path, "shop", ["predict"])
    keys = Keys(path)
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(path.parent)  # looks at it for ever
    with pytest.raises(EnvironmentFault):
        keys.refresh()
    assert status(keys, secret) == 200


def test_an_empty_list_of_keys_lets_nobody_in(path):
    path.parent.mkdir()
    path.write_text("[]")
    os.utime(path)
    assert read_keys(path) == ()
    assert status(Keys(path), "any") == 401


@pytest.mark.parametrize("path_of_service", ROUTES)
def test_each_path_asks_for_its_scope_before_it_reads_a_byte(make_settings, bundles, path_of_service):
    from milepost.serve.service import Service

    settings = make_settings()
    file = Path(settings.folder) / KEYS_FILE
    secrets = {scope: add_key(file, scope, [scope]) for scope in SCOPES}
    service = Service(settings)
    (method,), scopes = ROUTES[path_of_service], SCOPES_OF[path_of_service]
    without = ask(service, method, path_of_service, b"no json")
    assert without.status == (401 if scopes else 200)
    for scope, secret in secrets.items():
        got = ask(service, method, path_of_service, b"no json", headers={"Authorization": f"Bearer {secret}"})
        may = not scopes or scope in (*scopes, "admin")
        assert got.status == ((400 if method == "POST" else 200) if may else 403)
    service.commits.close()


def test_a_path_that_is_not_there_tells_no_more_to_callers_without_a_key(make_service, bundles):
    service = make_service()
    add_key(Path(service.settings.folder) / KEYS_FILE, "shop", ["predict"])
    service.keys.refresh()
    got = ask(service, "POST", "/predict", usual_row(bundles("binary")))
    assert got.status == 401
    assert set(got.json["error"]["what"].split()) & set(usual_row(bundles("binary"))) == set()
