"""The study files of the full-size runs: MiniLM on the papers' tasks.

python benchmarks/study_files.py closer-look > closer-look.yaml
tunescope study closer-look closer-look.yaml --out runs/closer-look --cluster local --workers 2
"""

from __future__ import annotations

import argparse

import data

_CLOSER_LOOK = """\
study: closer-look
name: closer look at MiniLM

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: POS, format: "conllu:pos", train: "{pud}[:800]", test: "{pud}[800:]"}}
  - {{name: DEP, format: "conllu:dep", train: "{pud}[:800]", test: "{pud}[800:]"}}
  - {{name: PS-role, format: "conllulex:role", train: "{streusle}train.conllulex", test: "{streusle}test.conllulex"}}
  - {{name: PS-fxn, format: "conllulex:function", train: "{streusle}train.conllulex", test: "{streusle}test.conllulex"}}
  - {{name: TREC-50, format: "trec:fine", train: "{trec}/train_5500.label", test: "{trec}/TREC_10.label"}}

seeds: [0]
layers: all
finetune: {{preset: closer-look, epochs: 3, bf16: true}}
snapshots: 6
probe_at_top: halving
cross_task: [PS-fxn]
"""

_FROZEN_VS_TUNED = """\
study: frozen-vs-tuned
name: frozen or tuned MiniLM

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: POS, format: "conllu:pos", train: "{pud}[:800]", test: "{pud}[800:]"}}
  - {{name: Spans, format: "conllulex:entities", train: "{streusle}train.conllulex", test: "{streusle}test.conllulex"}}
  - {{name: SST-2, format: "glue:sst2", train: "{glue}/SST-2/train.tsv", test: "{glue}/SST-2/dev.tsv"}}
  - {{name: MRPC, format: "glue:mrpc", train: "{glue}/MRPC/{mrpc_train}", test: "{glue}/MRPC/{mrpc_test}"}}
  - {{name: STS-B, format: "glue:stsb", train: "{glue}/STS-B/train.tsv", test: "{glue}/STS-B/dev.tsv"}}

sizes: [100, 300, 800, 2000]          # PUD has 800 training sentences
seeds: [0, 1, 2]
seeds_at_largest: 1
finetune: {{preset: usual, learning_rate: 3e-4, bf16: true}}     # small models: Turc et al. 2019
least_updates: 100
test_limit: 1000
reference: {{format: "conllu:pos", path: "{ewt}"}}
"""

_WHAT_HAPPENS = """\
study: what-happens
name: what happens to MiniLM

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: Parsing, format: "conllu:parse", train: "{ewt}[:2000]", test: "{ewt_test}[:700]"}}
  - {{name: SNLI, format: snli, train: "{snli}/s1.dev[:2000]", test: "{snli}/s1.test[:1000]"}}
  - {{name: Answers, format: "treebank:answers", options: {{n_train: 300, n_dev: 0, n_test: 200}}}}

seeds: [0, 1]
finetune: {{preset: usual, learning_rate: 3e-4, bf16: true}}     # small models: Turc et al. 2019
freeze: [-1, 1, 3, 5, 6]
truncate: [1, 3, 5, 6]
domains:
  - {{name: PUD, format: "conllu:pos", path: "{pud}"}}
  - {{name: EWT, format: "conllu:pos", path: "{ewt_test}[700:]"}}
trees: {{train: "{ewt}[2000:2700]", test: "{ewt_dev}[:400]"}}
knowledge:
  - {{name: POS, format: "conllu:pos", train: "{ewt}[2000:2700]", test: "{ewt_dev}[:400]"}}
knowledge_targets: 1000
"""

_VISUALIZING = """\
study: visualizing
name: loss landscapes of MiniLM

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: TREC-50, format: "trec:fine", train: "{trec}/train_5500.label[:2500]", test: "{trec}/TREC_10.label"}}
  - {{name: MRPC, format: "glue:mrpc", train: "{glue}/MRPC/{mrpc_train}[:1000]", test: "{glue}/MRPC/{mrpc_test}[:500]"}}

seeds: [0]
finetune: {{preset: usual, learning_rate: 3e-4, epochs: 12}}     # four times as many as usual, to see over-fitting
snapshots: 20
n_examples: 250
reach: 0.75                   # so that start and end are among 11 points
line_points: 21
plane_points: 11
"""

_VISUALIZING_RTE = """\
study: visualizing
name: loss landscapes of MiniLM on RTE

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: RTE, format: "glue:rte", train: "{glue}/RTE/train.tsv[:500]", test: "{glue}/RTE/dev.tsv"}}

seeds: [0]
finetune: {{preset: usual, learning_rate: 3e-4, epochs: 12}}
snapshots: 20
n_examples: 100
reach: 0.75
line_points: 21
planes: []
"""

_VISUALIZING_SEEDS = """\
study: visualizing
name: loss between two seeds of MiniLM

models:
  - path: {model}
    name: MiniLM

tasks:
  - {{name: TREC-50, format: "trec:fine", train: "{trec}/train_5500.label[:2500]", test: "{trec}/TREC_10.label"}}

seeds: [0, 1]
finetune: {{preset: usual, learning_rate: 3e-4, epochs: 12}}     # as in the file with planes: what is done is shared
snapshots: 20
n_examples: 250
reach: 0.75
line_points: 21
planes: []
groups: false
sharpness: false
"""

_FILES = {
    "closer-look": _CLOSER_LOOK,
    "frozen-vs-tuned": _FROZEN_VS_TUNED,
    "what-happens": _WHAT_HAPPENS,
    "visualizing": _VISUALIZING,
    "visualizing-rte": _VISUALIZING_RTE,
    "visualizing-seeds": _VISUALIZING_SEEDS,
}


def study_file(study: str) -> str:
    """Return the text of a study file."""
    return _FILES[study].format(
        model=data.MODEL,
        pud=data.DATA / "ud" / "PUD-r2.5" / "en_pud-ud-test.conllu",
        **{
            key: data.DATA / "ud" / "EWT-r2.16" / f"en_ewt-ud-{split}.conllu"
            for key, split in (("ewt", "train"), ("ewt_dev", "dev"), ("ewt_test", "test"))
        },
        snli=data.DATA / "snli",
        streusle=data.DATA / "streusle-4.2" / "streusle.ud_",
        trec=data.DATA / "trec",
        glue=data.DATA / "glue",
        mrpc_train="msr_paraphrase_train.txt",
        mrpc_test="msr_paraphrase_test.txt",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=sorted(_FILES))
    print(study_file(parser.parse_args().study), end="")
