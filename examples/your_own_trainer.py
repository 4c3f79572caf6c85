"""A training of your own, with peft and the Hugging Face Trainer; tunescope adds two lines and the comparison.

    python examples/your_own_trainer.py MODEL TREEBANK.conllu OUT

trains a LoRA adapter for parts of speech on the treebank's first 80 % of sentences, with snapshots on the way, then
compares the model with and without it on the rest.
"""

from __future__ import annotations

import sys
from pathlib import Path

from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

from tunescope import SnapshotCallback, compare, read_task, show_progress, write_report


def main(base: str, treebank: str, out: Path) -> None:
    """Train the adapter and compare."""
    n_train = int(0.8 * len(read_task("conllu:pos", train=treebank, test=treebank).splits["train"]))
    task = read_task("conllu:pos", train=f"{treebank}[:{n_train}]", test=f"{treebank}[{n_train}:]")
    names = dict(enumerate(task.labels))
    numbers = {name: number for number, name in names.items()}

    # What follows is an ordinary training.
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForTokenClassification.from_pretrained(base, num_labels=len(names), id2label=names)
    config = model.config
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, task_type="TOKEN_CLS"))

    def encode(example):  # type: ignore[no-untyped-def]
        encoding = tokenizer(list(example.text), is_split_into_words=True)
        words = encoding.word_ids()
        first = [word is not None and word != previous for word, previous in zip(words, [None, *words])]  # noqa: B905
        tags = [numbers[str(target.label)] for target in example.targets]
        return {**encoding, "labels": [tags[w] if f else -100 for w, f in zip(words, first)]}  # noqa: B905

    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(out / "trainer"),
            learning_rate=1e-3,
            num_train_epochs=3,
            per_device_train_batch_size=32,
            save_strategy="no",
            report_to="none",
        ),
        train_dataset=[encode(example) for example in task.splits["train"]],
        data_collator=DataCollatorForTokenClassification(tokenizer),
    )
    trainer.add_callback(
        SnapshotCallback(out / "snapshots", log_spaced=4)
    )  # the two lines: this and its import
    trainer.train()
    model.save_pretrained(out / "adapter")
    config.save_pretrained(out / "adapter")  # peft does not write the names of the labels

    with show_progress():
        comparison = compare(base, out / "adapter", task, out / "compare", snapshots=out / "snapshots")
    print(write_report(comparison, out / "compare"))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
