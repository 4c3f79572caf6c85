"""Where a model's files are, and what they hold, found out before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from tunescope._core.errors import ModelError, TunescopeError
from tunescope._core.hashing import hash_files, hash_value

__all__ = ["Checkpoint", "find_checkpoint", "readable_model_errors", "state_hash"]

_PICKLES = ("pytorch_model*.bin", "adapter_model.bin", "model*.pt", "*.ckpt")
_LOADING_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
    StrictDataclassError,
)
_COMMON_FOLDERS = ("model", "checkpoint", "base", "tuned", "final")
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
)
_HUB_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.jinja")
ADAPTER_CONFIG = "adapter_config.json"
HEAD_CONFIG = "task_head.json"


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a model's configuration and safetensors weights.

    Attributes:
        name: The name or folder as the user gave it.
        folder: The folder with the files.
    """

    name: str
    folder: Path

    @property
    def display_name(self) -> str:
        """The name for people: the hub's name, or the last parts of the folder's path."""
        if Path(self.name).is_dir():
            parts = Path(self.name).resolve().parts
            return "/".join(parts[-2:] if parts[-1] in _COMMON_FOLDERS else parts[-1:])
        return self.name

    @property
    def is_sentence_transformer(self) -> bool:
        """Whether the sentence-transformers library saved it: such models were tuned for similarity before."""
        return (self.folder / "config_sentence_transformers.json").exists()

    @property
    def is_adapter(self) -> bool:
        """Whether the folder holds a PEFT adapter, to be put on its base model."""
        return (self.folder / ADAPTER_CONFIG).exists()

    @property
    def has_task_head(self) -> bool:
        """Whether tunescope saved a task head beside the weights."""
        return (self.folder / HEAD_CONFIG).exists()

    @property
    def has_tokenizer(self) -> bool:
        """Whether a tokenizer lies beside the weights."""
        return any((self.folder / name).exists() for name in _TOKENIZERS)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's (or the adapter's) configuration as plain values."""
        path = self.folder / (ADAPTER_CONFIG if self.is_adapter else "config.json")
        try:
            config: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        except (OSError, ValueError) as error:
            raise ModelError("The model's configuration cannot be read.", where=path, got=error) from error
        if not isinstance(config, dict):
            raise ModelError("The model's configuration is no set of names and values.", where=path)
        return config

    @cached_property
    def model_config(self) -> Any:
        """The configuration as transformers reads it: the same names for all architectures.

        Raises:
            ModelError: transformers cannot read it.
        """
        from transformers import AutoConfig

        with readable_model_errors(self):
            return AutoConfig.from_pretrained(self.folder)

    @cached_property
    def tokenizer_sha256(self) -> str:
        """SHA-256 over the names and contents of the tokenizer's files."""
        names = (*_TOKENIZERS, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
        return hash_files(path for name in names if (path := self.folder / name).exists())

    @cached_property
    def weights_sha256(self) -> str:
        """SHA-256 over the names and contents of the weights and the configuration."""
        files = [*self.folder.glob("*.safetensors"), *self.folder.glob("*config.json")]
        return hash_files([*files, *self.folder.glob(HEAD_CONFIG)])


def state_hash(checkpoint: Checkpoint, base: Checkpoint | None = None) -> str:
    """Return the hash of all that a model's vectors depend on: weights and tokenizer, for keys of steps.

    The base's weights count where the checkpoint is an adapter, its tokenizer where the checkpoint has none.
    """
    weights = [checkpoint.weights_sha256]
    if checkpoint.is_adapter and base is not None:
        weights.append(base.weights_sha256)
    source = checkpoint if checkpoint.has_tokenizer or base is None else base
    return hash_value([*weights, source.tokenizer_sha256])


def find_checkpoint(name: str | Path) -> Checkpoint:
    """Find a model's files in a folder, or fetch them from the Hugging Face hub.

    Only configuration, tokenizer and safetensors files are fetched; nothing is unpickled.

    Args:
        name: A folder, or a model's name on the hub such as ``"google-bert/bert-base-uncased"``.

    Raises:
        ModelError: There is no such folder or name, the folder is no model, or its weights are pickled only.
    """
    folder = Path(name)
    if folder.is_dir():
        checkpoint = Checkpoint(str(name), folder.resolve())
    elif folder.exists() or folder.is_absolute() or str(name).startswith((".", "~")) or len(folder.parts) > 2:
        raise ModelError(
            "There is no such model folder.",
            where=name,
            expected="a folder with config.json and model.safetensors, or a name on the Hugging Face hub",
        )
    else:
        checkpoint = Checkpoint(str(name), _fetch(str(name)))
    _check_files(checkpoint)
    return checkpoint


def _fetch(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(_HUB_FILES)))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            "The model is neither a folder nor to be had from the Hugging Face hub.",
            where=name,
            expected="a folder, or a name on a hub that can be reached or was fetched before",
            got=_first_line(error),
            fix="check the spelling, or download the model and give its folder",
        ) from error


@contextmanager
def readable_model_errors(checkpoint: Checkpoint) -> Iterator[None]:
    """Turn what the libraries raise for a folder that they cannot load into a :class:`ModelError`."""
    try:
        yield
    except TunescopeError:
        raise
    except _LOADING_ERRORS as error:
        needs_code = "trust_remote_code" in str(error)
        raise ModelError(
            "The model needs code of its own, which is not run."
            if needs_code
            else "The model cannot be loaded.",
            where=checkpoint.name,
            expected="an architecture that the installed transformers has, and whole files",
            got=_first_line(error),
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def _check_files(checkpoint: Checkpoint) -> None:
    folder = checkpoint.folder
    if not (folder / "config.json").exists() and not checkpoint.is_adapter:
        raise ModelError(
            "The folder is no model.",
            where=checkpoint.name,
            expected="config.json and model.safetensors as save_pretrained writes them, or a PEFT adapter",
            got=", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "an empty folder",
        )
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise ModelError(
            "The weights are pickled, and unpickling can run any code that the file holds.",
            where=checkpoint.name,
            expected="model.safetensors",
            got=", ".join(pickles),
            fix=(
                "if you trust the file, convert it once: AutoModel.from_pretrained(folder, use_safetensors=False)"
                ".save_pretrained(new_folder), and copy the tokenizer's files"
            ),
        )
    raise ModelError("The folder has no weights.", where=checkpoint.name, expected="model.safetensors")
