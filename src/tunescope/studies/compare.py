"""Comparing a base model with its fine-tuned one on a task: what changed, and did it help?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tunescope._core.errors import InputError, ModelError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope.finetuning.finetune import FinetunedModel, open_finetuned
from tunescope.finetuning.snapshots import read_snapshots
from tunescope.models.checkpoint import Checkpoint, find_checkpoint, state_hash
from tunescope.runs import Run
from tunescope.studies.comparing import Comparing
from tunescope.studies.comparison import Comparison
from tunescope.studies.materials import Materials
from tunescope.studies.models import ComparedModels
from tunescope.studies.probing import Trees
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Task

__all__ = ["compare", "read_comparison"]

_RESULT = "comparison.json"

Tuned = str | Path | FinetunedModel


def compare(
    base: str | Path,
    tuned: Tuned,
    task: Task,
    folder: Path | str,
    *,
    snapshots: Mapping[int, Path] | Path | str | None = None,
    control: Tuned | None = None,
    trees: Trees | None = None,
    settings: CompareSettings | None = None,
    device: str = "auto",
    overwrite: bool = False,
) -> Comparison:
    """Measure what fine-tuning changed, layer by layer, and whether it helped.

    The work is done in steps that are kept in ``folder``: called again after a kill with the same arguments, it
    goes on; called again after it finished, it reads the result. A control or snapshots may be added later.

    Args:
        base: The model before: a name or a folder.
        tuned: The model after: a checkpoint with or without a task head, a PEFT adapter of ``base``, the run
            folder of a fine-tuning, or what :func:`tunescope.finetune` returned.
        task: What to measure on.
        folder: The run's folder.
        snapshots: Folders of snapshots by step, or a folder that :class:`tunescope.SnapshotCallback` wrote;
            by default those of the fine-tuning's own run.
        control: A model tuned like ``tuned``, but on ``task.random_split(settings.seed)``; a run folder is checked,
            a bare checkpoint is taken on trust. With it, similarity, scores of linear
            probes and heads, and train–test similarity stand beside the same figures for a random division;
            without it, only the base model's do.
        trees: Parsed sentences for structural probes; none are trained without.
        settings: Sampling, resampling, thoroughness of the probes, and seed.
        device: Where to run the models; ``"auto"`` takes a GPU where there is one.
        overwrite: Remove a run of other settings that is in ``folder``.

    Returns:
        Every figure with its interval; also written to ``comparison.json`` in ``folder``.

    Raises:
        ModelError: A model cannot be loaded, or the two are not states of one architecture.
        InputError: The task does not suit, a sentence is too long, or trees are given without probes.
        RunError: The folder cannot be written or holds a run of other settings.
    """
    if task.label not in (LabelKind.CLASS, LabelKind.NUMBER):
        raise InputError(
            "A comparison reads classes or numbers from vectors.",
            where=task.name,
            expected="classes or numbers",
            got=f"labels of the kind {task.label.value}",
            fix="compare parsers and answers by a study: tunescope study what-happens",
        )
    settings = settings or CompareSettings()
    if trees is not None and settings.probes == "none":
        raise InputError(
            "Parsed sentences are given, but no probes are asked for.",
            where="--trees",
            expected="--probes quick or --probes thorough",
            got="--probes none",
            fix="leave one of the two out",
        )
    before, after = find_checkpoint(base), _find(tuned)
    _check_architectures(before, after)
    states = {step: find_checkpoint(path) for step, path in _find_snapshots(tuned, snapshots).items()}
    chosen = _evenly_spaced(states, settings.max_snapshots)
    control_task = task.random_split(settings.seed)
    control_checkpoint = None if control is None else _find(control)
    if control is not None:
        _check_control(control, control_task, settings.seed)
    run = Run.open(
        folder,
        "compare",
        settings=settings.model_dump(),
        inputs={
            "task": task.fingerprint,
            "base": state_hash(before),
            "tuned": state_hash(after, before),
        },
        about={
            "base": before.name,
            "tuned": after.name,
            "task": task.name,
            "control": control_checkpoint and control_checkpoint.name,
            "snapshots": sorted(chosen),
        },
        overwrite=overwrite,
    )
    with run.recording(), readable_write_errors(run.folder):
        roles = {"base": before, "tuned": after}
        if control_checkpoint is not None:
            roles["control"] = control_checkpoint
        roles |= {ComparedModels.snapshot_role(step): state for step, state in chosen.items()}
        models = ComparedModels(roles, task, control_task, device, settings.long_sentences)
        comparison = Comparing(Materials(run, task, settings, models), tuple(chosen), trees).result()
        write_atomically(run.folder / _RESULT, comparison.model_dump_json(indent=1))
    return comparison


def read_comparison(folder: Path | str) -> Comparison:
    """Read the result of a comparison from its run folder.

    Raises:
        InputError: The folder holds no finished comparison.
    """
    path = Path(folder) / _RESULT
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            "The folder holds no finished comparison.",
            where=folder,
            expected=f"a readable {_RESULT}",
            got=type(error).__name__,
            fix="run tunescope compare with this folder as --out",
        ) from error


def _find(tuned: Tuned) -> Checkpoint:
    """Find a model's files; a fine-tuning's model goes by the name of its run folder."""
    if not isinstance(tuned, FinetunedModel) and _is_run(tuned):
        tuned = open_finetuned(tuned)
    if isinstance(tuned, FinetunedModel):
        return replace(find_checkpoint(tuned.model), name=str(tuned.folder.parents[1]))
    return find_checkpoint(tuned)


def _find_snapshots(tuned: Tuned, snapshots: Mapping[int, Path] | Path | str | None) -> Mapping[int, Path]:
    if isinstance(snapshots, Mapping):
        return snapshots
    if snapshots is not None:
        found = read_snapshots(snapshots)
        if not found:
            raise InputError("The folder holds no snapshots.", where=snapshots, expected="manifest.json")
        return found
    if isinstance(tuned, FinetunedModel):
        return tuned.snapshots
    return open_finetuned(tuned).snapshots if _is_run(tuned) else {}


def _is_run(tuned: str | Path) -> bool:
    return (Path(tuned) / "record.json").exists()


def _check_control(control: Tuned, task: Task, seed: int) -> None:
    """Refuse a control that a run folder shows to be tuned on other sentences: it may have seen the test labels."""
    folder = control.folder.parents[1] if isinstance(control, FinetunedModel) else Path(control)
    if not _is_run(folder):
        return
    if Run.read(folder).record.inputs.get("task") != task.fingerprint:
        raise InputError(
            "The control was tuned on another division of the sentences.",
            where=folder,
            expected=f"a model tuned on the task's random split of seed {seed}",
            got="a run with other training or test sentences",
            fix=f"tune it with the options of the task and --random-split --split-seed {seed}",
        )


def _check_architectures(base: Checkpoint, tuned: Checkpoint) -> None:
    """Refuse two models whose vectors or weights cannot be set against each other, before any is loaded."""
    if base.is_adapter:
        raise ModelError("The base is an adapter.", where=base.name, expected="the model that was fine-tuned")
    if tuned.is_adapter:
        return
    for name in ("model_type", "hidden_size", "num_hidden_layers"):
        before, after = (getattr(checkpoint.model_config, name, None) for checkpoint in (base, tuned))
        if before != after:
            raise ModelError(
                "The two models are not states of one architecture.",
                where=f"{name} in config.json of {tuned.name}",
                expected=f"{before}, as in {base.name}",
                got=after,
                fix="give the model that this one was fine-tuned from",
            )


def _evenly_spaced(states: Mapping[int, Checkpoint], n: int) -> dict[int, Checkpoint]:
    """Return at most ``n`` snapshots: the first, the last, and evenly spaced ones between."""
    steps = sorted(states)
    count = min(n, len(steps))
    indices = {round(i * (len(steps) - 1) / max(count - 1, 1)) for i in range(count)}
    return {steps[i]: states[steps[i]] for i in sorted(indices)}
