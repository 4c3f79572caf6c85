"""Masked words, guessed by a pre-trained head from the vectors of any state of its encoder.

Fine-tuning throws the masked-language head away. Put back on the fine-tuned encoder it tells what that encoder still
knows of the language it was pre-trained on, in the terms in which it learned it: the loss before and after is paired,
for both guess the same subwords of the same sentences. A higher loss says that the original head no longer reads the
words off the vectors. Whether these lost the information, or hold it in another form, is for probes to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch.nn.functional import cross_entropy
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForMaskedLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tunescope._core.errors import InputError, ModelError
from tunescope._core.seeds import make_rng
from tunescope.models.alignment import tokenize
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.checkpoint import Checkpoint, readable_model_errors
from tunescope.models.encoder import Encoder
from tunescope.models.quiet import quiet_transformers
from tunescope.models.tokenized import TokenizedExamples
from tunescope.tasks.example import Example, TargetKind, Text

__all__ = [
    "MaskedLanguageLosses",
    "MaskedLanguageModel",
    "MaskedSentences",
    "can_be_masked",
    "has_masked_language_head",
    "load_masked_language_model",
    "mask_sentences",
    "masked_language_losses",
]

_ARCHITECTURES = ("ForMaskedLM", "ForPreTraining")
_TOKEN_BUDGET = 2048
"""Half of what other passes take: each masked position has a score for every subword of the vocabulary."""


def has_masked_language_head(checkpoint: Checkpoint) -> bool:
    """Return whether a checkpoint holds all weights of the head that it guesses masked words with.

    What the configuration names is not enough: many encoders tuned for similarity still name the architecture that
    they were made from, without its head. transformers would make up the weights that are missing at random. The names
    of the weights are compared without reading them, so that the answer takes no memory.

    Args:
        checkpoint: The pre-trained model.

    Raises:
        ModelError: The configuration or the names of the weights cannot be read.
    """
    architectures = checkpoint.config.get("architectures") or []
    if checkpoint.is_adapter or not any(str(name).endswith(_ARCHITECTURES) for name in architectures):
        return False
    if type(checkpoint.model_config) not in MODEL_FOR_MASKED_LM_MAPPING:
        return False
    with quiet_transformers(), readable_model_errors(checkpoint):
        _, report = AutoModelForMaskedLM.from_pretrained(
            checkpoint.folder, use_safetensors=True, device_map="meta", output_loading_info=True
        )
    return not report["missing_keys"]


class MaskedLanguageModel:
    """A pre-trained masked-language head that reads the vectors of an encoder, in whatever state that is.

    All of the head stays as it was pre-trained, also the output matrix that most architectures share with the input
    embeddings: it holds the *pre-trained* embeddings, not those of the encoder that is read. The question is what a
    fine-tuned body still knows when it is read with the original head, and a reading device that moved with the body
    would answer another one. It also means the same for architectures that do not share the matrix. Changed input
    embeddings count as what they are, a part of the body.

    Args:
        encoder: The encoder to read; it is left as it is.
        network: The pre-trained model with its head; of its own body nothing is run.

    Attributes:
        encoder: The encoder that is read.
    """

    def __init__(self, encoder: Encoder, network: PreTrainedModel) -> None:
        self.encoder = encoder
        self._network = network

    def logits_at(
        self,
        inputs: dict[str, torch.Tensor],
        rows: Int[np.ndarray, " masked"],
        columns: Int[np.ndarray, " masked"],
    ) -> Float[torch.Tensor, "masked subword"]:
        """Return the head's scores of every subword of the vocabulary at some positions of a batch.

        Args:
            inputs: The model's inputs, on its device.
            rows: Which sequence of the batch each position is in.
            columns: Where in the sequence it is.
        """
        body: Any = self._network.base_model
        places = tuple(torch.from_numpy(each).to(self.encoder.device) for each in (rows, columns))

        def read(*args: Any, **kwargs: Any) -> Any:
            read_body: Any = self.encoder.model
            output = read_body(*args, **kwargs)
            # A head treats each position by itself, so that it need not see the others.
            output.last_hidden_state = output.last_hidden_state[places][None]
            return output

        network: Any = self._network
        body.forward = read
        try:
            logits: torch.Tensor = network(**inputs, return_dict=True).logits[0]
        finally:
            del body.forward
        return logits


def load_masked_language_model(checkpoint: Checkpoint, encoder: Encoder) -> MaskedLanguageModel:
    """Put the masked-language head of a pre-trained checkpoint on an encoder.

    Args:
        checkpoint: The pre-trained model, whose head is taken.
        encoder: The encoder that it gave, before or after fine-tuning; shared, not copied.

    Raises:
        ModelError: The checkpoint has no such head, cannot be loaded, or the encoder is of another architecture, hidden
            size or vocabulary.
    """
    if not has_masked_language_head(checkpoint):
        raise ModelError(
            "The checkpoint has no head that guesses masked words.",
            where=checkpoint.name,
            expected="an architecture such as BertForMaskedLM in config.json, and all weights of its head",
            got=", ".join(map(str, checkpoint.config.get("architectures") or ["no architecture"])),
            fix=(
                "give the checkpoint as it was pre-trained, such as google-bert/bert-base-uncased; sentence encoders "
                "and fine-tuned models mostly come without the head"
            ),
        )
    with quiet_transformers(), readable_model_errors(checkpoint):
        network = AutoModelForMaskedLM.from_pretrained(
            checkpoint.folder, dtype=encoder.model.dtype, use_safetensors=True
        )
    _check_fits(checkpoint, network, encoder)
    network.requires_grad_(False)
    torch.nn.Module.eval(network)
    torch.nn.Module.to(network, encoder.device)
    return MaskedLanguageModel(encoder, network)


def _check_fits(checkpoint: Checkpoint, network: PreTrainedModel, encoder: Encoder) -> None:
    def describe(model: Any) -> str:
        config = model.config
        return f"{type(model).__name__} with {config.hidden_size} dimensions and {config.vocab_size} subwords"

    expected, got = describe(network.base_model), describe(encoder.model)
    if expected != got:
        raise ModelError(
            "The encoder does not fit the head that guesses masked words.",
            where=f"{encoder.checkpoint.name}, with the head of {checkpoint.name}",
            expected=expected,
            got=got,
            fix="give the checkpoint that the encoder was fine-tuned from",
        )


@dataclass(frozen=True)
class MaskedSentences:
    """Sentences of which some subwords are masked.

    Attributes:
        tokenized: The sequences, with the mask token at the chosen positions.
        n_masked: How many positions of each sentence are masked, at least 1.
        positions: Where each masked position is in its sequence, sentence by sentence in rising order.
        subwords: The subword that each one hides.
    """

    tokenized: TokenizedExamples
    n_masked: Int[np.ndarray, " sentence"]
    positions: Int[np.ndarray, " masked"]
    subwords: Int[np.ndarray, " masked"]


def mask_sentences(
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[Text],
    *,
    max_length: int,
    seed: int,
    mask_share: float = 0.15,
) -> MaskedSentences:
    """Replace randomly chosen subwords by the mask token: the same for the same tokenizer, sentences and seed.

    ⌊mask_share · n + ½⌋ of a sentence's n subwords are chosen, at least one, all by the mask token. In pre-training a
    tenth of the chosen ones are replaced by random subwords and a tenth left as they are (Devlin et al. 2019, section
    3.1), so that the encoder must be ready to guess anywhere; in a measurement the latter could be copied from the
    input, and the former would measure how well noise is seen through.

    Args:
        tokenizer: A fast tokenizer.
        sentences: Running text, or the words of each sentence, which are joined by spaces.
        max_length: Longest sequence that the model takes, in subwords.
        seed: Of the choice.
        mask_share: Share of the subwords to mask, in (0, 1]; default 0.15, as in pre-training. Special tokens,
            the one for unknown words among them, are neither counted nor masked.

    Raises:
        ModelError: The tokenizer has no mask token.
        InputError: There is no sentence, one is too long or has no subword to mask, or the share is out of range.
    """
    if tokenizer.mask_token_id is None:
        raise ModelError(
            "The tokenizer has no mask token, so that no word can be hidden from the model.",
            expected="a mask token, such as [MASK] or <mask>",
            got=f"{type(tokenizer).__name__} with {', '.join(map(str, tokenizer.all_special_tokens))}",
            fix="take a model that was pre-trained on masked words, with the tokenizer that it came with",
        )
    if not 0 < mask_share <= 1:
        raise InputError(
            "mask_share is no share.", expected="above 0 and at most 1; 0.15 by default", got=mask_share
        )
    tokenized = _tokenize(tokenizer, sentences, max_length)
    maskable = ~np.isin(tokenized.input_ids, tokenizer.all_special_ids)
    chosen, n_masked = _choose(maskable, tokenized.lengths, seed, mask_share)
    masked = tokenized.input_ids.copy()
    masked[chosen] = tokenizer.mask_token_id
    return MaskedSentences(
        tokenized=replace(tokenized, input_ids=masked),
        n_masked=n_masked,
        positions=chosen - np.repeat(tokenized.offsets[:-1], n_masked),
        subwords=tokenized.input_ids[chosen].astype(np.int64),
    )


def can_be_masked(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[Text]
) -> Bool[np.ndarray, " sentence"]:
    """Return which sentences have a subword to mask: one that is neither a special token nor an unknown word."""
    special = set(tokenizer.all_special_ids)
    texts = [text if isinstance(text, str) else " ".join(text) for text in sentences]
    ids = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    return np.array([not special.issuperset(each) for each in ids], dtype=bool)


def _tokenize(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[Text], max_length: int
) -> TokenizedExamples:
    if not len(sentences):
        raise InputError("There is no sentence to mask words in.", where="sentences", expected="at least one")
    examples = tuple(Example(f"sentence {number}", text, ()) for number, text in enumerate(sentences))
    return tokenize(tokenizer, examples, TargetKind.SENTENCE, max_length=max_length)


def _choose(
    maskable: Bool[np.ndarray, " position"], lengths: Int[np.ndarray, " sentence"], seed: int, share: float
) -> tuple[Int[np.ndarray, " masked"], Int[np.ndarray, " sentence"]]:
    """Return the chosen positions of all sequences in rising order, and how many are in each sentence."""
    candidates = np.flatnonzero(maskable)
    sentence = np.repeat(np.arange(len(lengths)), lengths)[candidates]
    n_candidates = np.bincount(sentence, minlength=len(lengths))
    if not n_candidates.all():
        raise InputError(
            "A sentence has no subword to mask.",
            where=f"sentence {int(n_candidates.argmin())}, counted from 0",
            expected="at least one word that the tokenizer knows",
            got=f"only special tokens or unknown words; so in {int((n_candidates == 0).sum())} sentences",
            fix="leave these sentences out: can_be_masked tells which",
        )
    n_masked = np.maximum(np.floor(share * n_candidates + 0.5).astype(np.int64), 1)
    order = np.lexsort((make_rng(seed, "masked language model").random(len(candidates)), sentence))
    first = np.cumsum(n_candidates) - n_candidates
    place_in_sentence = np.arange(len(candidates)) - np.repeat(first, n_candidates)
    drawn = order[place_in_sentence < np.repeat(n_masked, n_candidates)]
    return np.sort(candidates[drawn]), n_masked


@dataclass(frozen=True)
class MaskedLanguageLosses:
    """How badly the masked subwords of each sentence were guessed.

    Attributes:
        losses: Negative log-probability of each sentence's masked subwords, summed, in nats; lower is better.
        n_masked: How many these are, at least 1.
        positions: Where each masked subword is in its sequence, sentence by sentence; for pairing.
        subwords: Which one it is.
    """

    losses: Float[np.ndarray, " sentence"]
    n_masked: Int[np.ndarray, " sentence"]
    positions: Int[np.ndarray, " masked"]
    subwords: Int[np.ndarray, " masked"]


def masked_language_losses(
    model: MaskedLanguageModel,
    sentences: Sequence[Text],
    *,
    seed: int,
    mask_share: float = 0.15,
    token_budget: int = _TOKEN_BUDGET,
) -> MaskedLanguageLosses:
    """Return how badly a model guesses masked subwords, sentence by sentence.

    A sentence's loss is −Σ ln p(wᵢ | the sentence with all chosen positions masked), in one pass, as in pre-training;
    pseudo-log-likelihoods (Salazar et al. 2020) mask one position at a time, at a pass for each.

    Args:
        model: An encoder with a head, from :func:`load_masked_language_model`.
        sentences: Running text, or the words of each sentence.
        seed: Of the choice of positions; models with the same tokenizer get the same ones.
        mask_share: Share of the subwords to mask, in (0, 1]; default 0.15. See :func:`mask_sentences`.
        token_budget: Most positions in a batch, padding included; changes no result beyond rounding.

    Returns:
        Nats and counts of each sentence; the sum of the ones over the sum of the others is the mean loss, which is
        ln of the vocabulary's size for a blind guess.

    Raises:
        ModelError: The tokenizer has no mask token.
        InputError: There is no sentence, one is too long or has no subword to mask, or the share is out of range.
    """
    encoder = model.encoder
    masked = mask_sentences(
        encoder.tokenizer, sentences, max_length=encoder.max_length, seed=seed, mask_share=mask_share
    )
    first = np.cumsum(masked.n_masked) - masked.n_masked
    losses = np.empty(len(masked.positions))
    batches = iterate_batches(
        masked.tokenized,
        plan_batches(masked.tokenized.lengths, token_budget),
        pad_token_id=encoder.tokenizer.pad_token_id,
        device=encoder.device,
    )
    with torch.inference_mode():
        for batch in batches:
            counts = masked.n_masked[batch.sequences]
            rows = np.repeat(np.arange(len(counts)), counts)
            within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
            chosen = np.repeat(first[batch.sequences], counts) + within
            logits = model.logits_at(batch.inputs, rows, masked.positions[chosen])
            gold = torch.from_numpy(masked.subwords[chosen]).to(logits.device)
            losses[chosen] = cross_entropy(logits.float(), gold, reduction="none").cpu().numpy()
    return MaskedLanguageLosses(
        losses=np.add.reduceat(losses, first),
        n_masked=masked.n_masked,
        positions=masked.positions,
        subwords=masked.subwords,
    )
