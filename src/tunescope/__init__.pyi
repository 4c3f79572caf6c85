from ._core.errors import InputError, MissingExtraError, ModelError, RunError, TunescopeError
from ._core.progress import show_progress
from .finetuning.finetune import FinetunedModel, finetune, open_finetuned
from .finetuning.settings import FinetuneSettings, preset
from .finetuning.snapshots import SnapshotCallback, read_snapshots
from .measures.estimate import Estimate
from .models.encoder import Encoder, load_encoder
from .report.write import write_report
from .representations.capture import VectorCapture
from .representations.extraction import extract
from .representations.pairing import shared_targets
from .representations.store import Representations, open_representations
from .studies.compare import compare, read_comparison
from .studies.comparison import Comparison, Measurement
from .studies.demo import run_demo
from .studies.probing import Trees, read_tree_pair
from .studies.settings import CompareSettings
from .tasks.example import Example, LabelKind, Span, Target, TargetKind
from .tasks.hub_reader import read_hub_texts, read_hub_tokens
from .tasks.source import TaskSource, read_task
from .tasks.task import Task

__all__ = [
    "CompareSettings",
    "Comparison",
    "Encoder",
    "Estimate",
    "Example",
    "FinetuneSettings",
    "FinetunedModel",
    "InputError",
    "LabelKind",
    "Measurement",
    "MissingExtraError",
    "ModelError",
    "Representations",
    "RunError",
    "SnapshotCallback",
    "Span",
    "Target",
    "TargetKind",
    "Task",
    "TaskSource",
    "Trees",
    "TunescopeError",
    "VectorCapture",
    "compare",
    "extract",
    "finetune",
    "load_encoder",
    "open_finetuned",
    "open_representations",
    "preset",
    "read_comparison",
    "read_hub_texts",
    "read_hub_tokens",
    "read_snapshots",
    "read_task",
    "read_tree_pair",
    "run_demo",
    "shared_targets",
    "show_progress",
    "write_report",
]
