"""Generated sentences as CoNLL-U text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tunescope.tasks.treebank.sentence import TreebankSentence

__all__ = ["to_conllu"]


def to_conllu(sentences: Iterable[TreebankSentence]) -> str:
    """Return sentences in the format of treebanks, to look at them or to use them elsewhere.

    Words have no lemma and no features. A preposition's role stands in the last column, as ``Role=p.Time``, and a
    question's type in a comment, as ``# question_type = LOC:city``.

    Args:
        sentences: The sentences.

    Returns:
        CoNLL-U (https://universaldependencies.org/format.html); sentences are numbered from 1, and each ends with
        an empty line.
    """
    return "".join(
        "\n".join(_lines(sentence, number)) + "\n\n" for number, sentence in enumerate(sentences, start=1)
    )


def _lines(sentence: TreebankSentence, number: int) -> Iterator[str]:
    yield f"# sent_id = {sentence.domain}-{number}"
    yield f"# text = {sentence.text}"
    if sentence.question_type is not None:
        yield f"# question_type = {sentence.question_type}"
    columns = zip(
        sentence.words,
        sentence.tags,
        sentence.heads,
        sentence.relations,
        sentence.roles,
        (*sentence.spaces_after[:-1], True),
        strict=True,
    )
    for position, (form, tag, head, relation, role, space) in enumerate(columns, start=1):
        notes = [*([f"Role={role}"] if role else []), *([] if space else ["SpaceAfter=No"])]
        fields = (position, form, "_", tag, "_", "_", head, relation, "_", "|".join(notes) or "_")
        yield "\t".join(map(str, fields))
