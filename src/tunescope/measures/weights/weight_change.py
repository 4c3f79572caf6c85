"""How far the weights moved, by part of the model and by matrix."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate

__all__ = [
    "matched_parameters",
    "part_of_parameter",
    "reading_order",
    "weight_change",
    "weight_change_by_parameter",
]

_LAYER = re.compile(
    r"(?:^|\.)(?:layers?|h|blocks?|albert_layer_groups|attentions|ffns|layer_norm1|layer_norm2)\.(\d+)\."
)
_EMBEDDINGS = re.compile(
    r"(?:^|\.)(?:\w*embeddings?|w[tp]e|embed_\w+|embeddings_project|embedding_hidden_mapping_in|shared|emb_ln"
    r"|layernorm_embedding|word_embeddings_layernorm|layer_norm_emb|rel_embeddings|mask_emb|word_embedding)(?:\.|$)"
)
_MODEL_PREFIXES = frozenset(
    (
        "albert",
        "bart",
        "base_model",
        "bert",
        "camembert",
        "deberta",
        "distilbert",
        "electra",
        "esm",
        "flaubert",
        "gpt_neox",
        "longformer",
        "luke",
        "megatron",
        "model",
        "mobilebert",
        "module",
        "mpnet",
        "roberta",
        "roformer",
        "transformer",
        "xlm",
        "xlm_roberta",
        "xlnet",
    )
)
_BLOCK = 1 << 20


def part_of_parameter(name: str) -> str:
    """Return the part of the model that a parameter belongs to, read from its name.

    Args:
        name: The name in the usual schemes of Hugging Face transformers (BERT, DistilBERT, GPT-2, LLaMA, ModernBERT,
            T5, …), with or without the prefix of the model inside a task model, such as ``bert.``.

    Returns:
        ``"embeddings"``, ``"layer 1"`` to ``"layer L"`` (``"decoder layer 1"`` … where the name says decoder), or
        the first component of the name, such as ``"pooler"`` or ``"classifier"``.

    >>> part_of_parameter("bert.encoder.layer.0.attention.self.query.weight")
    'layer 1'
    >>> part_of_parameter("transformer.wte.weight"), part_of_parameter("pooler.dense.bias")
    ('embeddings', 'pooler')
    """
    short = _without_prefix(name)
    layer = _LAYER.search(short)
    if layer:
        stack = "decoder layer" if "decoder" in short[: layer.start()].split(".") else "layer"
        return f"{stack} {int(layer[1]) + 1}"
    if _EMBEDDINGS.search(short):
        return "embeddings"
    components = short.split(".")
    if components[0] in ("encoder", "decoder") and len(components) > 1:
        return ".".join(components[:2])
    return components[0]


def weight_change(base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray]) -> dict[str, Estimate]:
    """Return how far the weights of each part moved, relative to their size.

    ‖W′ − W‖ / ‖W‖ with Frobenius norms over all parameters of the part, summed in float64. A part that only one of
    the two has, such as a pooler or a task head, is left out; layers and embeddings must be in both.

    Args:
        base: The base model's parameters by name, as floating-point arrays; float16 will do.
        tuned: The tuned model's parameters by name. A prefix such as ``bert.`` may be there in one of the two only.

    Returns:
        By part (see :func:`part_of_parameter`): embeddings, layers in their order, other parts. Figures of at least
        0 without a unit, higher means moved further; exact, so without an interval. NaN with a status where the
        base weights are all zero, or a weight is not finite.

    Raises:
        InputError: A parameter of a part that both have is missing in one, or its shape differs; or the two share
            no part.

    >>> base = {"encoder.layer.0.dense.weight": np.array([[3.0, 4.0]]), "pooler.bias": np.ones(2)}
    >>> tuned = {"bert.encoder.layer.0.dense.weight": np.array([[3.0, 4.5]])}
    >>> {part: change.value for part, change in weight_change(base, tuned).items()}
    {'layer 1': 0.1}
    """
    sums: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, before, after in matched_parameters(base, tuned):
        sums[part_of_parameter(name)].append(_squared_norms(before, after))
    return {part: _relative(sums[part]) for part in sorted(sums, key=reading_order)}


def weight_change_by_parameter(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray]
) -> dict[str, Estimate]:
    """Return how far each parameter moved, relative to its size; otherwise as :func:`weight_change`.

    Returns:
        By the parameter's name without the model's prefix, in the order of ``base``.

    Raises:
        InputError: As :func:`weight_change`.

    >>> base = {"h.0.mlp.weight": np.array([2.0]), "h.0.mlp.bias": np.array([0.0])}
    >>> changes = weight_change_by_parameter(base, {name: w + 1 for name, w in base.items()})
    >>> changes["h.0.mlp.weight"].value, changes["h.0.mlp.bias"].status
    (0.5, 'undefined: the base weights are all zero')
    """
    return {
        name: _relative([_squared_norms(before, after)])
        for name, before, after in matched_parameters(base, tuned)
    }


def _without_prefix(name: str) -> str:
    components = name.split(".")
    while len(components) > 2 and components[0] in _MODEL_PREFIXES:
        components = components[1:]
    return ".".join(components)


def _by_short_name(parameters: Mapping[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
    """Return the floating-point arrays (others are buffers, such as position ids) by name without prefix."""
    short: dict[str, np.ndarray] = {}
    for name, array in parameters.items():
        if np.asarray(array).dtype.kind != "f":
            continue
        if _without_prefix(name) in short:
            raise InputError(
                f"Two parameters of {side} have the same name but for the model's prefix.", where=name
            )
        short[_without_prefix(name)] = np.asarray(array)
    return short


def matched_parameters(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray]
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return the parameters that two states of one model share, by name, before and after.

    Args:
        base: The parameters of the pre-trained model by name.
        tuned: Those of the fine-tuned model; the names may have another prefix, and a head is passed over.

    Returns:
        Name without prefix, array in ``base`` and array in ``tuned``, in the order of ``base``.

    Raises:
        InputError: They share no part, a parameter is missing on one side, or its shapes differ.

    >>> name = "encoder.layer.0.output.dense.weight"
    >>> found = matched_parameters({name: np.eye(2)}, {f"bert.{name}": 2 * np.eye(2)})
    >>> [(name, after.tolist()) for name, before, after in found]
    [('encoder.layer.0.output.dense.weight', [[2.0, 0.0], [0.0, 2.0]])]
    """
    before, after = _by_short_name(base, "base"), _by_short_name(tuned, "tuned")
    parts = {part_of_parameter(name) for name in before} & {part_of_parameter(name) for name in after}
    if not parts:
        raise InputError(
            "base and tuned share no part.",
            expected="parameters of two states of one model",
            got=f"{_few(before)} and {_few(after)}",
        )

    def compared(name: str) -> bool:
        part = part_of_parameter(name)
        return part in parts or "layer " in part or part == "embeddings"

    for name in (name for name in (*before, *after) if compared(name)):
        for side, parameters in (("base", before), ("tuned", after)):
            if name not in parameters:
                raise InputError(
                    f"A parameter is missing in {side}.",
                    where=name,
                    expected="the same parameters in base and tuned",
                    fix="compare two states of one model; merge adapters into the weights first",
                )
        if before[name].shape != after[name].shape:
            raise InputError(
                "A parameter has different shapes.",
                where=name,
                expected=f"shape {before[name].shape}, as in base",
                got=f"shape {after[name].shape} in tuned",
            )
    return [(name, array, after[name]) for name, array in before.items() if compared(name)]


def _few(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:3]) + (" …" if len(shown) > 3 else "") or "no parameters"


def _squared_norms(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Return the squared norms of the change and of the base weights, summed in float64 block by block."""
    first, second = before.reshape(-1), after.reshape(-1)
    change = size = 0.0
    for start in range(0, first.size, _BLOCK):
        old = first[start : start + _BLOCK].astype(np.float64)
        new = second[start : start + _BLOCK].astype(np.float64)
        if not (np.isfinite(old).all() and np.isfinite(new).all()):
            return math.nan, math.nan
        new -= old
        change += float(new @ new)
        size += float(old @ old)
    return change, size


def _relative(sums: list[tuple[float, float]]) -> Estimate:
    change, size = sum(pair[0] for pair in sums), sum(pair[1] for pair in sums)
    if math.isnan(change):
        return Estimate(value=math.nan, status="undefined: a weight is not finite")
    if size == 0:
        return Estimate(value=math.nan, status="undefined: the base weights are all zero")
    return Estimate(value=math.sqrt(change / size))


def reading_order(part: str) -> tuple[int, int, str]:
    """Return what parts of a model are sorted by: the embeddings, the layers by number, then the others by name.

    >>> sorted(["pooler", "layer 10", "layer 2", "embeddings"], key=reading_order)
    ['embeddings', 'layer 2', 'layer 10', 'pooler']
    """
    if part == "embeddings":
        return 0, 0, part
    for place, stack in ((1, "layer "), (2, "decoder layer ")):
        if part.startswith(stack):
            return place, int(part.removeprefix(stack)), part
    return 3, 0, part
