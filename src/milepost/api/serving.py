"""What the service needs, prepared from the contract: settings, the bundles that answer, and the folders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from milepost.api.opening import workspace_of
from milepost.api.storing import store_of
from milepost.data.expressions.parse import names_in
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.predlog.places import LogPlace, log_place
from milepost.problem.secrets import resolve_secrets
from milepost.problem.serving import redaction_conflicts
from milepost.problem.spec import Problem
from milepost.registry.account import account_of
from milepost.registry.aliases import are_behind, repair_aliases
from milepost.registry.history import read_history
from milepost.registry.names import resolve, version_of
from milepost.serve.following import followed_state
from milepost.serve.guards import compile_guards
from milepost.serve.keeper import Keeper
from milepost.serve.keys import read_keys
from milepost.serve.service import KEYS_FILE
from milepost.serve.settings import Limits, Settings
from milepost.serve.state import Named, State, write_state

SETTINGS_FILE, STATE_FILE = "service.json", "state.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A service that can be started.

    Attributes:
        settings: of the service.
        path: of the file that workers read; whoever starts them writes it.
        state: what answers first.
        follows: whether promotions are followed; a bundle that was named stays.
        predictor: of what answers first.
    """

    settings: Settings
    path: Path
    state: State
    follows: bool
    predictor: Predictor


def prepare(contract: Problem, bundle: str | None) -> Prepared:
    """Return a service that can be started; its state is written. Callers need a key where there is one now.

    Args:
        contract: the problem.
        bundle: folder or name; None follows the champion.

    Raises:
        MilepostError: there is no such bundle, no champion, or the contract or a guard does not fit the bundle.
        EnvironmentFault: a store or the disk failed.
    """
    state, follows = _state(contract, bundle)
    predictor = load_predictor(state.champion.folder)
    if conflict := redaction_conflicts(contract.serve, predictor.schema.names, where=contract.where):
        raise conflict
    folder = workspace_of(contract).serving(contract.aim.name)
    if not follows:  # files of its own, so that a service beside it goes on with the champion
        state_file, settings_file = f"state-{predictor.bundle_id}.json", f"service-{predictor.bundle_id}.json"
    else:
        state_file, settings_file = STATE_FILE, SETTINGS_FILE
    settings = replace(
        settings_of(contract, predictor, folder),
        state=str((folder / state_file).resolve()),
        needs_keys=bool(read_keys(folder / KEYS_FILE)),
    )
    compile_guards(settings.guards, predictor.schema, where=contract.where)  # a worker has no lines of the file to name
    write_state(state, folder / state_file)
    return Prepared(settings, folder / settings_file, state, follows, predictor)


def keeper_of(contract: Problem, prepared: Prepared, clock: Clock = wall_clock) -> Keeper:
    """Return what goes on beside the workers of a service."""
    workspace, store, serve = workspace_of(contract), store_of(contract), contract.serve

    def state() -> State | None:
        if not prepared.follows:
            return None
        return followed_state(workspace, store, with_challenger=serve.shadow or serve.canary_share > 0)

    def mend() -> None:
        if prepared.follows and are_behind(store=store, history=workspace.history):
            repair_aliases(store=store, history=workspace.history)

    return Keeper(
        prepared.settings, history=workspace.history, state=state, mend=mend, retention=serve.retention, clock=clock
    )


def log_place_of(contract: Problem) -> LogPlace:
    """Return where the prediction log of a problem is."""
    tables = contract.serve.tables
    resolved = None if tables is None else resolve_secrets(tables, where=contract.where("serve.tables"))
    return log_place(workspace_of(contract), contract.aim.name, tables=resolved)


def _state(contract: Problem, bundle: str | None) -> tuple[State, bool]:
    workspace, store = workspace_of(contract), store_of(contract)
    asks_challenger = contract.serve.shadow or contract.serve.canary_share > 0
    if bundle is None or bundle == f"{store.name}@champion":
        state = followed_state(workspace, store, with_challenger=asks_challenger)
        if state is None:
            raise MilepostError(
                f"There is no champion of {store.name} yet.",
                where=f"the history of {store.name}",
                fix="Run: milepost status   (it says what has been judged, and how to promote)",
            )
        return state, True
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    why = f"It was named when the service was started: {bundle}."
    past = read_history(workspace.history, problem=store.name)
    version, account = version_of(bundle, found.bundle_id, past=past, store=store), account_of(past, found.bundle_id)
    return State(Named(found.bundle_id, str(found.path.resolve()), version, why=why, account=account)), False


def settings_of(contract: Problem, predictor: Predictor, folder: Path) -> Settings:
    """Return the settings of a service around a bundle.

    Args:
        contract: the problem.
        predictor: of the bundle.
        folder: of the service's own files.
    """
    serve, data, place = contract.serve, contract.data, log_place_of(contract)
    limits = Limits(**serve.limits.model_dump())
    return Settings(
        problem=contract.aim.name,
        task=predictor.schema.task,
        state=str((folder / STATE_FILE).resolve()),
        folder=str(folder.resolve()),
        journals=str(place.journals.resolve()),
        tables=place.tables,
        log=serve.log,
        durability=serve.durability,
        inputs_share=serve.inputs_share,
        entity=data.id,
        time=data.time,
        target=contract.aim.target,
        context=_context(contract, predictor),
        redaction=dict(serve.redaction),
        canary_share=serve.canary_share,
        control_share=serve.control_share,
        shadow=serve.shadow,
        horizon_s=None if contract.aim.horizon is None else contract.aim.horizon.total_seconds(),
        zone=data.timezone,
        guards=tuple(guard.document for guard in serve.guards),
        limits=limits,
    )


def _context(contract: Problem, predictor: Predictor) -> tuple[str, ...]:
    """Return the columns that a row may bring for the log alone: what slices, money and today's rule look at."""
    data, value = contract.data, contract.value
    texts: dict[str, object] = {"baseline.rule": contract.baseline.rule}
    texts |= {f"value.{key}": text for key, text in value.model_dump().items()} if value else {}
    keys = [key for key, text in texts.items() if isinstance(text, str) and key != "value.currency"]
    asked = [name for key in keys for name in names_in(str(texts[key]), where=contract.where(key))]
    named = [*data.context, *data.sensitive, *([data.group] if data.group else []), *asked]
    taken = {*predictor.schema.names, data.id, data.time, contract.aim.target, "truth", "prediction"}
    return tuple(name for name in dict.fromkeys(named) if name not in taken)
