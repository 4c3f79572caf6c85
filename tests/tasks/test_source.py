import json

import pytest

from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.source import TaskSource, read_task

PUD = "ud/PUD-r2.5/en_pud-ud-test.conllu"
CSV = "text,other,label,score\n" + "".join(f"t{i},o{i},{'xy'[i % 2]},{i}\n" for i in range(10))


@pytest.fixture
def table(write):
    return write("a.csv", CSV)


def test_slices_of_one_file(table):
    task = read_task("table", train=f"{table}[:6]", test=f"{table}[6:8]", dev=f"{table}[-2:]")
    assert {split: len(examples) for split, examples in task.splits.items()} == {
        "train": 6,
        "test": 2,
        "dev": 2,
    }
    assert (task.name, task.target, task.label) == ("table", TargetKind.SENTENCE, LabelKind.CLASS)
    assert task.metric == "accuracy"


def test_kinds_follow_the_options(table):
    task = read_task(
        "table", train=table, test=table, second_text="other", label="score", label_kind="number", name="sim"
    )
    assert (task.name, task.target, task.label) == ("sim", TargetKind.SENTENCE_PAIR, LabelKind.NUMBER)
    assert task.metric == "pearson"


def test_metric_can_be_chosen(table):
    assert read_task("table", train=table, test=table, metric="mcc").metric == "mcc"


def test_out_of_domain_sets(table):
    task = read_task("table", train=f"{table}[:8]", test=f"{table}[8:]", out_of_domain={"web": table})
    assert len(task.out_of_domain["web"]) == 10


@pytest.mark.parametrize(("spans", "kind"), [(1, TargetKind.TOKEN), (2, TargetKind.PAIR)])
def test_edge_probing_kind_follows_the_data(write, spans, kind):
    target = {f"span{i}": [0, 1] for i in range(1, spans + 1)}
    records = [{"text": "a b", "targets": [{**target, "label": label}]} for label in "xy"]
    records.insert(0, {"text": "none here", "targets": []})
    path = write("a.jsonl", "\n".join(map(json.dumps, records)))
    task = read_task("edge-probing", train=path, test=path)
    assert task.target is kind
    assert len(task.splits["train"]) == 2  # the sentence without a target is left out


def test_relative_paths_start_from_the_folder(write, tmp_path, monkeypatch):
    write("a.csv", CSV)
    source = TaskSource(format="table", train="a.csv[:8]", test="a.csv[8:]")
    assert len(source.load(tmp_path).splits["train"]) == 8
    monkeypatch.chdir(tmp_path)
    assert source.load().fingerprint == source.load(tmp_path).fingerprint


def test_record_round_trip(table):
    source = TaskSource(
        format="table",
        train=f"{table}[:8]",
        test=f"{table}[8:]",
        out_of_domain={"web": str(table)},
        options={"encoding": "latin-1", "quoted": True, "second_text": None},
        name="a",
        metric="mcc",
    )
    again = TaskSource.model_validate_json(source.model_dump_json())
    assert again == source
    assert again.load().fingerprint == source.load().fingerprint


def test_files_for_the_training_set_alone(write, tmp_path):
    header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    rows = ["1\t1\t2\ta\tb\n", "0\t3\t4\tc\td\n", "1\t5\t6\te\tf\n"]
    write("all.txt", header + "".join(rows))
    write("dev.tsv", header + rows[2])
    write("ids.tsv", "5\t6\n")
    source = TaskSource(format="glue:mrpc", train="all.txt", test="dev.tsv", options={"leave_out": "ids.tsv"})
    task = source.load(tmp_path)
    assert [len(task.splits[split]) for split in ("train", "test")] == [2, 1]
    again = read_task(
        "glue:mrpc",
        train=tmp_path / "all.txt",
        test=tmp_path / "dev.tsv",
        leave_out=tmp_path / "ids.tsv",
    )
    assert again.fingerprint == task.fingerprint


def test_generated_task(generated):
    task = read_task("treebank:pos", seed=7, n_train=3)
    assert generated == [("pos", {"seed": 7, "n_train": 3})]
    assert task.name == "treebank:pos"
    assert read_task("treebank:pos", name="mine", metric="macro_f1").name == "mine"


def test_unknown_format(refusal):
    assert "did you mean 'conllu:dep'?" in refusal(read_task, "conllu:deps", train="a", test="b")


def test_unknown_option(table, refusal):
    message = refusal(read_task, "table", train=table, test=table, text_column="text")
    assert "The format 'table' has no such option" in message
    assert "second_text" in message


def test_unsuitable_option(table, refusal):
    message = refusal(read_task, "table", train=table, test=table, label_kind="tree house")
    assert "unsuitable value" in message
    assert "label_kind" in message


def test_path_missing(table, refusal):
    message = refusal(read_task, "table", train=table)
    assert "The path of the test set is missing" in message
    assert "reviews.csv[:900]" in message
    assert "The path of the train set is missing" in refusal(read_task, "table")


def test_path_for_generated_data(generated, table, refusal):
    message = refusal(read_task, "treebank:pos", out_of_domain={"web": table})
    assert "generates its data" in message
    assert "where: web" in message
    assert "seed, n_train" in message


def test_out_of_domain_set_with_the_name_of_a_split(table, refusal):
    message = refusal(read_task, "table", train=table, test=table, out_of_domain={"dev": table})
    assert "has the name of a split" in message


def test_slice_of_nothing(table, refusal):
    message = refusal(read_task, "table", train=table, test=f"{table}[10:]")
    assert "The slice holds no sentence" in message
    assert "a.csv[10:]" in message
    assert "a slice of the file's 10 sentences" in message


def test_file_of_nothing(write, table, refusal):
    message = refusal(read_task, "table", train=write("b.csv", "text,label\n"), test=table)
    assert "The file holds no sentence" in message
    assert "b.csv" in message


def test_no_sentence_with_a_target(write, refusal):
    path = write("a.conllu", "1\tx\tx\tX\t_\t_\t0\troot\t_\t_\n")
    message = refusal(read_task, "conllu:dep", train=path, test=path)
    assert "No sentence has a target" in message
    assert "a.conllu" in message


@pytest.mark.parametrize(("options", "metric"), [({}, "pearson"), ({"label": "score"}, "f1")])
def test_metric_that_does_not_suit(table, refusal, options, metric):
    message = refusal(read_task, "table", train=table, test=table, metric=metric, **options)
    assert "The metric does not suit the task" in message
    assert "accuracy, macro_f1, mcc where labels are of kind 'class'" in message


def test_metric_that_does_not_suit_generated_data(generated, refusal):
    assert "does not suit" in refusal(read_task, "treebank:pos", metric="pearson")


def test_split_of_the_paper(shared_data):
    path = shared_data(PUD)
    task = read_task("conllu:dep", train=f"{path}[:800]", test=f"{path}[800:]")
    n = {split: sum(len(e.targets) for e in examples) for split, examples in task.splits.items()}
    assert n == {"train": 16_054, "test": 4_122}
    assert len(task.labels) == 46


def test_streusle_leaves_out_a_role_that_training_lacks(shared_data):
    paths = {s: shared_data(f"streusle-4.2/streusle.ud_{s}.conllulex") for s in ("train", "dev", "test")}
    assert read_task("conllulex:role", **paths).left_out == {"dev": 1}


def test_mrpc_of_glue(shared_data):
    task = read_task(
        "glue:mrpc",
        train=shared_data("glue/MRPC/msr_paraphrase_train.txt"),
        test=shared_data("glue/MRPC/dev.tsv"),
        leave_out=shared_data("glue/MRPC/dev_ids.tsv"),
    )
    assert {split: len(examples) for split, examples in task.splits.items()} == {"train": 3_668, "test": 408}


def test_cola_out_of_domain(shared_data):
    task = read_task(
        "glue:cola",
        train=shared_data("glue/CoLA/train.tsv"),
        test=shared_data("glue/CoLA/original/raw/in_domain_dev.tsv"),
        out_of_domain={"other sources": shared_data("glue/CoLA/original/raw/out_of_domain_dev.tsv")},
    )
    assert len(task.out_of_domain["other sources"]) == 516
    assert task.metric == "mcc"
