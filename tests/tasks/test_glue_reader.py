import time

import pytest

from tunescope.tasks.example import Target
from tunescope.tasks.glue_reader import read_cola, read_mrpc, read_rte, read_sst2, read_stsb

MRPC_HEADER = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"


def labels(examples):
    return {example.targets[0].label for example in examples}


def test_sst2(write):
    path = write("dev.tsv", "sentence\tlabel\nit 's \" charming \t1\nugh\t0\n")
    first, second = read_sst2(path)
    assert (first.sentence_id, first.text, first.second_text) == ("dev.tsv:2", "it 's \" charming", None)
    assert (first.targets, second.targets) == ((Target("positive"),), (Target("negative"),))


def test_mrpc_with_byte_order_mark_and_quotes(write):
    (example,) = read_mrpc(write("dev.tsv", MRPC_HEADER + '1\t7\t8\tHe said " no .\t" No .\n'))
    assert (example.text, example.second_text) == ('He said " no .', '" No .')
    assert example.targets == (Target("equivalent"),)


def test_mrpc_leaves_pairs_out(write):
    path = write("all.txt", MRPC_HEADER + "1\t7\t8\ta\tb\n0\t9\t10\tc\td\n")
    (example,) = read_mrpc(path, leave_out=write("ids.tsv", "7\t8\n"))
    assert (example.sentence_id, example.targets) == ("all.txt:3", (Target("not_equivalent"),))


def test_mrpc_with_ids_of_another_file(write, refusal):
    path = write("train.tsv", MRPC_HEADER + "1\t7\t8\ta\tb\n")
    message = refusal(read_mrpc, path, leave_out=write("ids.tsv", "1\t2\n"))
    assert "None of the pairs to leave out is in the file" in message
    assert "train.tsv" in message
    assert "ids.tsv" in message


def test_rte(write):
    (example,) = read_rte(write("dev.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n"))
    assert (example.text, example.second_text, example.targets) == ("a", "b", (Target("not_entailment"),))


def test_stsb(write):
    (example,) = read_stsb(write("dev.tsv", "index\tsentence1\tsentence2\tscore\n0\ta\tb\t3.8\n"))
    assert (example.text, example.second_text, example.targets) == ("a", "b", (Target(3.8),))


def test_cola(write):
    first, second = read_cola(write("dev.tsv", "gj04\t1\t\tYes.\ngj04\t0\t*\tNo the.\n"))
    assert (first.sentence_id, first.text, first.targets) == ("dev.tsv:1", "Yes.", (Target("acceptable"),))
    assert second.targets == (Target("unacceptable"),)


@pytest.mark.parametrize(
    ("read", "content", "what", "where"),
    [
        (read_sst2, "sentence\tlabel\nfine\t2\n", "A label is unknown", "line 2, column 'label'"),
        (read_sst2, "sentence\tlabel\n \t1\n", "A text is empty", "line 2, column 'sentence'"),
        (read_sst2, "index\tsentence\n0\tx\n", "A column is missing", "line 1, column 'label'"),
        (read_sst2, "sentence\tlabel\nfine 1\n", "wrong number of columns", "line 2"),
        (read_mrpc, MRPC_HEADER + "x\t7\t8\ta\tb\n", "A label is unknown", "line 2, column 'Quality'"),
        (read_mrpc, MRPC_HEADER + "1\t7\t8\ta\t \n", "A text is empty", "line 2, column '#2 String'"),
        (read_rte, "sentence1\tsentence2\tlabel\na\tb\tyes\n", "A label is unknown", "column 'label'"),
        (read_stsb, "sentence1\tsentence2\tscore\na\tb\tNaN\n", "no finite number", "line 2, column 'score'"),
        (read_stsb, "sentence1\tsentence2\tscore\na\tb\t\n", "no finite number", "line 2, column 'score'"),
        (read_cola, "sentence\tlabel\n", "wrong number of columns", "line 1"),
        (read_cola, "gj04\t-1\t\tx\n", "A label is unknown", "line 1, column 'label'"),
    ],
)
def test_refusals_name_file_line_and_column(write, refusal, read, content, what, where):
    message = refusal(read, write("file.tsv", content))
    assert what in message
    assert "file.tsv, " in message
    assert where in message


@pytest.mark.parametrize(
    ("read", "folder", "n_train", "n_dev"),
    [
        (read_sst2, "SST-2", 67_349, 872),
        (read_mrpc, "MRPC", 3_667, 408),
        (read_rte, "RTE", 2_490, 277),
        (read_stsb, "STS-B", 5_749, 1_500),
        (read_cola, "CoLA", 8_551, 1_043),
    ],
)
def test_counts(shared_data, read, folder, n_train, n_dev):
    train = read(shared_data(f"glue/{folder}/train.tsv"))
    dev = read(shared_data(f"glue/{folder}/dev.tsv"))
    assert (len(train), len(dev)) == (n_train, n_dev)
    if read is read_stsb:
        assert (min(labels(train)), max(labels(train))) == (0.0, 5.0)
    else:
        assert len(labels(train)) == 2
        assert labels(dev) == labels(train)


def test_mrpc_has_all_training_pairs_in_the_original(shared_data):
    original, ids = shared_data("glue/MRPC/msr_paraphrase_train.txt"), shared_data("glue/MRPC/dev_ids.tsv")
    assert len(read_mrpc(original)) == 4_076
    train = {(e.text, e.second_text) for e in read_mrpc(original, leave_out=ids)}
    assert len(read_mrpc(original, leave_out=ids)) == 3_668
    in_tsv = {(e.text, e.second_text) for e in read_mrpc(shared_data("glue/MRPC/train.tsv"))}
    assert len(train - in_tsv) == 1


def test_cola_out_of_domain(shared_data):
    assert len(read_cola(shared_data("glue/CoLA/original/raw/in_domain_dev.tsv"))) == 527
    assert len(read_cola(shared_data("glue/CoLA/original/raw/out_of_domain_dev.tsv"))) == 516


def test_sst2_is_read_fast(shared_data):
    path = shared_data("glue/SST-2/train.tsv")
    start = time.process_time()
    read_sst2(path)
    assert time.process_time() - start < 5  # takes well below one
