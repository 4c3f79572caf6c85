"""The formats that tasks are read from, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from tunescope._core.errors import InputError
from tunescope.tasks.conllu_reader import read_dependencies, read_pos
from tunescope.tasks.conllulex_reader import read_preposition_functions, read_preposition_roles
from tunescope.tasks.edge_probing import read_edge_probing
from tunescope.tasks.entity_reader import read_entities
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.glue_reader import read_cola, read_mrpc, read_rte, read_sst2, read_stsb
from tunescope.tasks.options import option_names
from tunescope.tasks.parse_reader import read_parses
from tunescope.tasks.snli_reader import read_snli
from tunescope.tasks.squad_reader import read_squad
from tunescope.tasks.table_reader import read_table
from tunescope.tasks.task import Examples, Task
from tunescope.tasks.trec_reader import read_trec_coarse, read_trec_fine

__all__ = ["FORMATS", "Format", "find_format"]

_TREEBANK = "treebank:"


@dataclass(frozen=True, kw_only=True)
class Format:
    """What a task can be read from, or made by.

    Attributes:
        name: The name that study files and the command line use.
        description: One line for people.
        target: What carries a label; ``None`` where the data or the options decide.
        label: What a label is; ``None`` where the options decide.
        metric: The main metric of such tasks; empty where it is the default for the kind of label.
        example: Arguments of :func:`~tunescope.tasks.source.read_task`, as one would write them.
        reader: The function from a path to examples; ``None`` where the task is generated.
        training_files: Options of the reader that name a file and concern the training set alone.
    """

    name: str
    description: str
    target: TargetKind | None
    label: LabelKind | None = LabelKind.CLASS
    metric: str = "accuracy"
    example: str
    reader: Callable[..., Examples] | None
    training_files: tuple[str, ...] = ()

    @property
    def function(self) -> Callable[..., Examples] | Callable[..., Task]:
        """The function that takes the format's options: its reader, or what generates the task."""
        return self.reader or _treebank_task()

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options that the format takes."""
        return option_names(self.function)

    def generate(self, **options: object) -> Task:
        """Return the task of a format that generates its data.

        Args:
            options: Those of :attr:`options`.

        Raises:
            InputError: The format reads files.
        """
        if self.reader is not None:
            raise InputError(
                "This format reads files.", where="format", got=repr(self.name), fix="use its reader"
            )
        return _treebank_task()(self.name.removeprefix(_TREEBANK), **options)


def find_format(name: str) -> Format:
    """Return the format of that name.

    Raises:
        InputError: There is none; the message lists all and the most similar.
    """
    if name in FORMATS:
        return FORMATS[name]
    similar = get_close_matches(name.lower(), FORMATS, n=1, cutoff=0.4)
    raise InputError(
        "There is no such format.",
        where="format",
        expected=", ".join(FORMATS),
        got=repr(name),
        fix=f"did you mean {similar[0]!r}?" if similar else None,
    )


def _treebank_task() -> Callable[..., Task]:
    # Imported when first used: the generator's grammar is not needed to read files.
    from tunescope.tasks.treebank import treebank_task

    function: Callable[..., Task] = treebank_task
    return function


_ALL = (
    Format(
        name="conllu:pos",
        description="parts of speech of the words of a CoNLL-U treebank",
        target=TargetKind.TOKEN,
        example="train='en_pud-ud-test.conllu[:800]', test='en_pud-ud-test.conllu[800:]'",
        reader=read_pos,
    ),
    Format(
        name="conllu:dep",
        description="dependency relations between words and their heads in a CoNLL-U treebank",
        target=TargetKind.PAIR,
        example="train='en_ewt-ud-train.conllu', dev='en_ewt-ud-dev.conllu', test='en_ewt-ud-test.conllu'",
        reader=read_dependencies,
    ),
    Format(
        name="conllu:parse",
        description="whole dependency trees of a CoNLL-U treebank: the head of every word and the relation to it",
        target=TargetKind.TOKEN,
        label=LabelKind.TREE,
        metric="las",
        example="train='en_ewt-ud-train.conllu[:2000]', test='en_ewt-ud-test.conllu'",
        reader=read_parses,
    ),
    Format(
        name="conllulex:role",
        description="semantic roles of prepositions and possessives in STREUSLE",
        target=TargetKind.TOKEN,
        example="train='streusle.ud_train.conllulex', test='streusle.ud_test.conllulex'",
        reader=read_preposition_roles,
    ),
    Format(
        name="conllulex:function",
        description="functions of prepositions and possessives in STREUSLE",
        target=TargetKind.TOKEN,
        example="train='streusle.ud_train.conllulex', test='streusle.ud_test.conllulex'",
        reader=read_preposition_functions,
    ),
    Format(
        name="conllulex:entities",
        description="nominal supersenses in STREUSLE, a BIO tag for every word",
        target=TargetKind.TOKEN,
        example="train='streusle.ud_train.conllulex', test='streusle.ud_test.conllulex'",
        reader=read_entities,
    ),
    Format(
        name="trec:coarse",
        description="questions with six coarse kinds of answer",
        target=TargetKind.SENTENCE,
        example="train='train_5500.label', test='TREC_10.label'",
        reader=read_trec_coarse,
    ),
    Format(
        name="trec:fine",
        description="questions with fifty fine kinds of answer",
        target=TargetKind.SENTENCE,
        example="train='train_5500.label', test='TREC_10.label'",
        reader=read_trec_fine,
    ),
    Format(
        name="glue:sst2",
        description="phrases of film reviews and their sentiment",
        target=TargetKind.SENTENCE,
        example="train='SST-2/train.tsv', test='SST-2/dev.tsv'",
        reader=read_sst2,
    ),
    Format(
        name="glue:mrpc",
        description="pairs of sentences from news that are paraphrases or not",
        target=TargetKind.SENTENCE_PAIR,
        example="train='MRPC/msr_paraphrase_train.txt', test='MRPC/dev.tsv', leave_out='MRPC/dev_ids.tsv'",
        reader=read_mrpc,
        training_files=("leave_out",),
    ),
    Format(
        name="glue:rte",
        description="pairs of texts of which the first entails the second or not",
        target=TargetKind.SENTENCE_PAIR,
        example="train='RTE/train.tsv', test='RTE/dev.tsv'",
        reader=read_rte,
    ),
    Format(
        name="glue:stsb",
        description="pairs of sentences and their similarity from 0 to 5",
        target=TargetKind.SENTENCE_PAIR,
        label=LabelKind.NUMBER,
        metric="pearson",
        example="train='STS-B/train.tsv', test='STS-B/dev.tsv'",
        reader=read_stsb,
    ),
    Format(
        name="glue:cola",
        description="sentences that are acceptable English or not",
        target=TargetKind.SENTENCE,
        metric="mcc",
        example="train='CoLA/train.tsv', test='CoLA/dev.tsv'",
        reader=read_cola,
    ),
    Format(
        name="snli",
        description="premises and hypotheses in parallel files: entailment, neutral or contradiction",
        target=TargetKind.SENTENCE_PAIR,
        example="train='snli/s1.dev', test='snli/s1.test'",
        reader=read_snli,
    ),
    Format(
        name="squad",
        description="questions on texts that hold their answers, in the JSON of SQuAD 1.1",
        target=TargetKind.SENTENCE_PAIR,
        label=LabelKind.ANSWER_SPAN,
        metric="answer_f1",
        example="train='train-v1.1.json[:2000]', test='dev-v1.1.json'",
        reader=read_squad,
    ),
    Format(
        name="table",
        description="texts, or pairs of texts, with classes or numbers in named columns of CSV, TSV or JSON lines",
        target=None,
        label=None,
        metric="",
        example="train='reviews.csv[:900]', test='reviews.csv[900:]', text='review', label='stars'",
        reader=read_table,
    ),
    Format(
        name="edge-probing",
        description="labelled spans, or pairs of spans, in the JSON lines of the jiant toolkit",
        target=None,
        example="train='train.jsonl', test='test.jsonl'",
        reader=read_edge_probing,
    ),
    *(
        Format(
            name=f"{_TREEBANK}{kind}",
            description=f"the built-in English treebank: {description}",
            target=target,
            label=label,
            metric=metric,
            example="seed=0",
            reader=None,
        )
        for kind, target, label, metric, description in (
            ("pos", TargetKind.TOKEN, LabelKind.CLASS, "accuracy", "parts of speech"),
            ("dep", TargetKind.PAIR, LabelKind.CLASS, "accuracy", "dependency relations"),
            ("parse", TargetKind.TOKEN, LabelKind.TREE, "las", "whole dependency trees"),
            ("ps-role", TargetKind.TOKEN, LabelKind.CLASS, "accuracy", "semantic roles of prepositions"),
            ("question", TargetKind.SENTENCE, LabelKind.CLASS, "accuracy", "kinds of questions"),
            (
                "answers",
                TargetKind.SENTENCE_PAIR,
                LabelKind.ANSWER_SPAN,
                "answer_f1",
                "questions on texts that hold their answers",
            ),
        )
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({format.name: format for format in _ALL})
"""All formats by name."""
