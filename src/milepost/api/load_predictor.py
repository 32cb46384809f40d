"""The verb `load_predictor`: a bundle that answers rows in this very process, by its folder or by its name."""

from __future__ import annotations

from pathlib import Path

from milepost.api.arguments import verb
from milepost.ground.errors import MilepostError
from milepost.predictor.load import load_predictor as load_folder
from milepost.predictor.predictor import Predictor


@verb
def load_predictor(bundle: str | Path, *, problem: Path | str = "milepost.toml") -> Predictor:
    """Return the predictor of a bundle, which answers single rows and tables.

    A folder is read as it is and needs nothing that training needs; a name is looked up in the history and the registry
    of the problem.

    Args:
        bundle: a folder, NAME@champion, NAME:VERSION or a bundle_id.
        problem: path of the problem file; not needed where bundle is a folder.

    Raises:
        MilepostError: there is no such bundle, a file of it was changed, or a newer Milepost wrote it.
        EnvironmentFault: a file cannot be read, or LightGBM's library is missing.
    """
    if isinstance(bundle, Path) or "/" in bundle or Path(bundle).is_dir():
        return load_folder(bundle)
    from milepost.api.opening import workspace_of  # here, because a folder is to be loaded without what these load
    from milepost.api.storing import store_of
    from milepost.problem.read import read_problem
    from milepost.registry.names import resolve

    if not Path(problem).exists():
        raise MilepostError(
            f"{bundle!r} is no folder, and there is no problem file {str(problem)!r} to look the name up with.",
            where="load_predictor",
            fix='Give the folder of a bundle, or the problem file: problem="FOLDER/milepost.toml".',
        )
    contract = read_problem(Path(problem))
    workspace = workspace_of(contract)
    found = resolve(bundle, workspace=workspace, store=store_of(contract), history=workspace.history)
    return load_folder(found.path)
