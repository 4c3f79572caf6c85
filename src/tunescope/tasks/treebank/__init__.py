"""A seeded generator of English sentences with gold analyses, for demonstrations, documentation and tests."""

from tunescope.tasks.treebank.conllu import to_conllu
from tunescope.tasks.treebank.generation import generate_sentences, generate_splits
from tunescope.tasks.treebank.sentence import TreebankSentence
from tunescope.tasks.treebank.tasks import treebank_task, treebank_trees

__all__ = [
    "TreebankSentence",
    "generate_sentences",
    "generate_splits",
    "to_conllu",
    "treebank_task",
    "treebank_trees",
]
