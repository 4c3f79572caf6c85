"""``tunescope study``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tunescope._core.errors import InputError, TrackerError
from tunescope._core.progress import show_progress
from tunescope.cli.options import Device, Out, Overwrite

if TYPE_CHECKING:
    from tunescope.studies.engine.plan import PlannedStep
    from tunescope.studies.run_study import PlannedStudy
    from tunescope.studies.study import Study
    from tunescope.studies.study_result import StudyResult

__all__ = ["study_app"]

StudyPath = Annotated[
    Path,
    typer.Argument(help="The study file; 'tunescope study init' prints one to start from.", metavar="FILE"),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List the steps, what they cost, and which are done; do nothing.")
]
Cluster = Annotated[
    str,
    typer.Option(
        help="Where the steps run: in-process, local (processes on this machine), tcp://host:port (a Dask scheduler),"
        " or a YAML file with the arguments of dask_jobqueue.SLURMCluster."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes of a local cluster (default: what cores and memory allow), or SLURM jobs."),
]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Folder of finished steps; studies that share it do nothing twice. Default: tunescope-store beside the"
        " study file."
    ),
]
Trackers = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        help="Also send the finished study to a tracker: mlflow (to MLFLOW_TRACKING_URI) or trackio (to"
        " TRACKIO_SPACE_ID, TRACKIO_SERVER_URL, or this machine); may be repeated. What is on disk is the same"
        " without.",
        metavar="TRACKER",
    ),
]

study_app = typer.Typer(
    help="Run a whole study of a paper on your models and data, from one file to one report.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _names() -> list[str]:
    """Return the studies' names without importing them, which takes seconds."""
    folder = files("tunescope.studies.recipes")
    found = (
        entry.name.removesuffix(".py") for entry in folder.iterdir() if not entry.name.startswith(("_", "."))
    )
    return sorted(name.replace("_", "-") for name in found)


@study_app.command("init")
def init_command(
    name: Annotated[str, typer.Argument(help=f"The study: {', '.join(_names())}.")],
) -> None:
    """Print a study file with comments, to start from.

    Example:

        tunescope study init closer-look > study.yaml
    """
    typer.echo(_find(name).example, nl=False)


@study_app.command("schema")
def schema_command(
    name: Annotated[str, typer.Argument(help=f"The study: {', '.join(_names())}.")],
) -> None:
    """Print the JSON schema of a study's files, by which editors complete and check them.

    Example:

        tunescope study schema closer-look > closer-look.schema.json
    """
    import json

    from tunescope.studies.files.template import schema_of

    typer.echo(json.dumps(schema_of(_find(name).settings), indent=2, ensure_ascii=False))


def _find(name: str) -> Study:
    from tunescope.studies.study import find_studies

    studies = find_studies()
    if name not in studies:
        raise InputError("There is no such study.", expected=", ".join(studies), got=repr(name))
    return studies[name]


def _command(name: str) -> Callable[..., None]:
    def run(
        file: StudyPath,
        out: Out,
        dry_run: DryRun = False,
        cluster: Cluster = "in-process",
        workers: Workers = None,
        store: Store = None,
        device: Device = "auto",
        overwrite: Overwrite = False,
        track: Trackers = None,
    ) -> None:
        from tunescope.models.devices import choose_device
        from tunescope.report.study import write_study_report
        from tunescope.studies.run_study import plan_study, run_study
        from tunescope.studies.sinks.trackers import check_trackers

        trackers = check_trackers(track or ())
        if cluster in ("in-process", "local"):  # elsewhere the workers know their devices
            choose_device(device)
        planned = plan_study(file, store=store, device=device)
        if planned.study.name != name:
            raise InputError(
                "The file is of another study.",
                where=file,
                expected=f"study: {name}",
                got=f"study: {planned.study.name}",
                fix=f"run 'tunescope study {planned.study.name} {file}'",
            )
        _print_plan(planned, listed=dry_run)
        if dry_run:
            return
        with show_progress():
            result = run_study(planned, out, cluster=cluster, workers=workers, overwrite=overwrite)
        report = write_study_report(result, out)
        _print_outcome(result, report)
        sent = [_send(out, tracker) for tracker in trackers]
        if result.failures or not all(sent):
            raise typer.Exit(1)

    run.__doc__ = f"""Run the study {name} and write its report.

    What is finished is not done again: a study that was interrupted or killed goes on when the same command is started
    again. A step that fails costs only what needs it; the exit code is then 1. So it is if a tracker does not take the
    study, which by then is on disk, with its report.

    Example:

        tunescope study {name} study.yaml --out runs/{name} --cluster local --workers 2
    """
    return run


for _name in _names():
    study_app.command(_name)(_command(_name))


def _send(folder: Path, tracker: str) -> bool:
    """Send a study to a tracker and say so; a tracker that fails must not hide the results that are on disk."""
    from tunescope.studies.sinks.trackers import send_study

    try:
        line = f"{tracker}: {send_study(folder, tracker)}"
    except TrackerError as error:
        message = f"tunescope: {error}"
        Console(stderr=True, soft_wrap=True).print(message, markup=False, highlight=False, style="red")
        return False
    Console().print(line, markup=False, highlight=False, soft_wrap=True)
    return True


def _print_plan(planned: PlannedStudy, *, listed: bool) -> None:
    console = Console()
    todo = [step for step in planned.plan if step.key not in planned.done]
    seconds, gigabytes = sum(step.cost.seconds for step in todo), sum(step.cost.gigabytes for step in todo)
    if listed:
        table = Table("step", "state", "about", "disk", box=None, pad_edge=False)
        for step in planned.plan:
            state = "done" if step.key in planned.done else "to do"
            table.add_row(
                escape(step.title), state, f"{step.cost.seconds:.0f} s", f"{step.cost.gigabytes:.2f} GB"
            )
        console.print(table)
        if todo:
            console.print(_by_kind(todo))
    console.print(
        f"{len(planned.plan)} steps, {len(planned.done)} done; to do: about {seconds / 60:.0f} min on one core,"
        f" {gigabytes:.1f} GB in {planned.store}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _by_kind(steps: Iterable[PlannedStep]) -> Table:
    """Return what each kind of step takes in all, the longest first: it shows which setting costs what."""
    seconds: dict[str, list[float]] = {}
    for step in steps:
        seconds.setdefault(step.function.__name__.replace("_", " ").strip(), []).append(step.cost.seconds)
    table = Table("to do in all", "steps", "about", box=None, pad_edge=False)
    for kind, each in sorted(seconds.items(), key=lambda item: -sum(item[1])):
        table.add_row(kind, str(len(each)), f"{sum(each) / 60:.1f} min")
    return table


def _print_outcome(result: StudyResult, report: Path) -> None:
    console = Console()

    def show(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    for claim in result.claims:
        show(f"{claim.verdict.upper()}: {claim.text} {claim.evidence}")
    for failure in result.failures:
        show(f"{failure.status}: {failure.title}: {failure.message}")
        if failure.traceback:
            show(f"  where in the code: {failure.traceback}")
    show(f"report: {report}")
