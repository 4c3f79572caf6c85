"""``tunescope info``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tunescope._core.errors import ModelError
from tunescope._core.provenance import collect_provenance

__all__ = ["info_command"]


def info_command(
    subject: Annotated[
        str | None,
        typer.Argument(help="A run folder, or a model's folder or name; nothing for the installation."),
    ] = None,
) -> None:
    """Tell what a run folder or a model is, or what is installed."""
    console = Console(soft_wrap=True)
    for name, value in _facts(subject).items():
        console.print(f"{name}: {value}", markup=False, highlight=False)


def _facts(subject: str | None) -> dict[str, object]:
    if subject is None:
        return _installation_facts()
    if (Path(subject) / "record.json").exists():
        return _run_facts(Path(subject))
    return _model_facts(subject)


def _installation_facts() -> dict[str, object]:
    import torch

    provenance = collect_provenance()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        **provenance.versions,
        "python": provenance.python,
        "platform": provenance.platform,
        "processor cores": provenance.n_cores,
        "GPU": gpu,
        "commit": provenance.commit or "not from a checkout",
    }


def _run_facts(folder: Path) -> dict[str, object]:
    from tunescope.runs import Run

    record = Run.read(folder).record
    steps = sorted(path.parent.name for path in folder.glob("steps/*/step.json"))
    return {
        "kind": record.kind,
        "status": record.status,
        "started": record.provenance.started,
        "finished": record.finished or "–",
        **({"error": record.error} if record.error else {}),
        **record.about,
        **{f"setting {name}": value for name, value in record.settings.items()},
        "steps done": len(steps),
        **{f"step {number}": name for number, name in enumerate(steps, start=1)},
    }


def _model_facts(name: str) -> dict[str, object]:
    from tunescope.models.checkpoint import find_checkpoint

    checkpoint = find_checkpoint(name)
    config = checkpoint.config
    if checkpoint.is_adapter:
        return {
            "adapter": config.get("peft_type"),
            "base": config.get("base_model_name_or_path"),
            "weights sha256": checkpoint.weights_sha256,
        }
    if "model_type" not in config:
        raise ModelError(
            "The configuration names no architecture.", where=name, expected="model_type in config.json"
        )
    return {
        "architecture": ", ".join(config.get("architectures") or [config["model_type"]]),
        "layers": getattr(checkpoint.model_config, "num_hidden_layers", "?"),
        "hidden size": getattr(checkpoint.model_config, "hidden_size", "?"),
        "task head": "tunescope's" if checkpoint.has_task_head else "none of tunescope's",
        "weights sha256": checkpoint.weights_sha256,
    }
