from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.studies.engine.some_steps import (
    add_numbers,
    break_down,
    die_always,
    die_at_first,
    multiply,
    need_much,
    overlap,
    refuse,
    tell_threads,
    use_device,
    write_number,
)

from tunescope._core.errors import InputError, MissingExtraError, RunError
from tunescope.runs import StepStore
from tunescope.studies.engine import on_cluster
from tunescope.studies.engine.cluster import connect
from tunescope.studies.engine.execution import execute, finished
from tunescope.studies.engine.own_gpu import own_gpu
from tunescope.studies.engine.plan import Content, Cost, Plan, PlannedStep
from tunescope.studies.engine.step_function import STEP_TRAITS, step_function
from tunescope.studies.engine.work import do


@pytest.fixture(scope="module", params=["in-process", "local"])
def client(request: pytest.FixtureRequest) -> Iterator[object]:
    with connect(request.param, workers=2 if request.param == "local" else None) as client:
        yield client


def sums(log: Path) -> tuple[Plan, PlannedStep]:
    """Return a plan that adds 1 + 2, then 3 to that."""
    plan = Plan()
    numbers = [plan.add(write_number, title=f"write {n}", number=n) for n in (1, 2, 3)]
    inner = plan.add(add_numbers, title="add two", numbers=numbers[:2], log=Content(str(log), ""))
    return plan, plan.add(
        add_numbers, title="add all", numbers=[inner, numbers[2]], log=Content(str(log), "")
    )


def number_of(step: PlannedStep, store: Path) -> int:
    return int((store / step.folder_name / "number").read_text())


def test_a_plan_is_done_once(client, tmp_path):
    plan, last = sums(tmp_path / "log")
    store = tmp_path / "store"
    outcomes = execute(plan, store, client)
    assert [outcome.status for outcome in outcomes.values()] == ["done"] * 5
    assert number_of(last, store) == 6
    assert finished(plan, store) == {step.key for step in plan}
    again, _ = sums(tmp_path / "log")
    assert {outcome.status for outcome in execute(again, store, client).values()} == {"found"}
    assert len((tmp_path / "log").read_text().split()) == 2


def test_a_step_that_fails_costs_only_those_that_need_it(client, tmp_path):
    plan = Plan()
    good = plan.add(write_number, title="good", number=1)
    refused, broken = plan.add(refuse, title="refused"), plan.add(break_down, title="broken")
    log = Content(str(tmp_path / "log"), "")
    plan.add(add_numbers, title="needs refused", numbers=[good, refused], log=log)
    last = plan.add(add_numbers, title="needs good", numbers=[good], log=log)
    outcomes = {outcome.title: outcome for outcome in execute(plan, tmp_path, client).values()}
    assert {title: outcome.status for title, outcome in outcomes.items()} == {
        "good": "done",
        "refused": "failed",
        "broken": "failed",
        "needs refused": "skipped",
        "needs good": "done",
    }
    assert outcomes["refused"].message == "This cannot be.\n  expected: something else"
    assert not outcomes["refused"].traceback
    assert outcomes["broken"].message == "ZeroDivisionError: a fault of the code"
    assert "some_steps.py" in Path(outcomes["broken"].traceback).read_text()
    assert outcomes["needs refused"].message == "it needs what is not there: refused"
    assert number_of(last, tmp_path) == 1
    assert not (tmp_path / broken.folder_name).exists()


def test_threads_within_a_step(client, tmp_path):
    plan = Plan(threads=1)
    step = plan.add(tell_threads, title="threads")
    execute(plan, tmp_path, client)
    assert (tmp_path / step.folder_name / "threads").read_text() == "1 1"


def test_one_process_or_two_the_results_are_the_same(client, tmp_path):
    plan = Plan()
    steps = [plan.add(multiply, title=str(seed), size=200, seed=seed) for seed in range(4)]
    execute(plan, tmp_path / "one", client)
    execute(plan, tmp_path / "two", None)
    for step in steps:
        results = {(tmp_path / store / step.folder_name / "number").read_text() for store in ("one", "two")}
        assert len(results) == 1


def test_a_step_whose_worker_died_is_tried_again(tmp_path):
    plan = Plan()
    step = plan.add(die_at_first, title="dies", marker=str(tmp_path / "marker"))
    with connect("local", workers=1) as client:
        (outcome,) = execute(plan, tmp_path / "store", client).values()
    assert outcome.status == "done"
    assert number_of(step, tmp_path / "store") == 1


def test_a_step_that_no_worker_can_take_is_told(tmp_path):
    plan = Plan()
    much = plan.add(need_much, title="much")
    plan.add(add_numbers, title="sum", numbers=[much], log=str(tmp_path / "log"))
    little = plan.add(write_number, title="little", number=1)
    large = plan.add(write_number, title="large", number=2, cost=Cost(memory_gigabytes=2e6))
    with connect("local", workers=1) as client:
        outcomes = execute(plan, tmp_path, client)
    assert [outcome.status for outcome in outcomes.values()] == ["failed", "skipped", "done", "failed"]
    assert "may need 1000000.0 GB" in outcomes[much.key].message
    assert "may need 2000000.0 GB" in outcomes[large.key].message
    assert number_of(little, tmp_path) == 1
    plan = Plan()
    plan.add(need_much, title="much")
    with connect() as client:
        assert [outcome.status for outcome in execute(plan, tmp_path, client).values()] == ["done"]


def test_a_step_that_kills_its_workers_costs_only_what_needs_it(tmp_path):
    plan = Plan()
    killer = plan.add(die_always, title="killer")
    plan.add(add_numbers, title="needs it", numbers=[killer], log=str(tmp_path / "log"))
    others = [plan.add(write_number, title=f"write {n}", number=n) for n in range(20)]
    with connect("local", workers=2) as client:
        outcomes = execute(plan, tmp_path / "store", client)
    statuses = [outcome.status for outcome in outcomes.values()]
    assert statuses[:2] == ["failed", "skipped"]
    assert set(statuses[2:]) <= {"done", "found"}  # found: a worker did it and died before it could say so
    assert "died each time" in outcomes[killer.key].message
    assert [number_of(step, tmp_path / "store") for step in others] == list(range(20))


def test_a_worker_that_is_gone_for_good_is_replaced(tmp_path):
    plan = Plan()
    steps = [plan.add(write_number, title=f"write {n}", number=n) for n in range(5)]
    with connect("local", workers=1) as client:
        (nanny,) = client.cluster.workers.values()
        client.cluster.sync(nanny.close)
        outcomes = execute(plan, tmp_path, client)
    assert {outcome.status for outcome in outcomes.values()} == {"done"}
    assert [number_of(step, tmp_path) for step in steps] == list(range(5))


def test_a_worker_with_several_threads_does_one_step_at_a_time(tmp_path):
    plan = Plan()
    for number in range(4):
        plan.add(overlap, title=f"step {number}", number=number, log=Content(str(tmp_path / "log"), ""))
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=4, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        execute(plan, tmp_path / "store", client)
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["begin", "end"] * 4


def test_a_worker_with_other_code_is_refused(tmp_path, monkeypatch):
    plan = Plan()
    step = plan.add(write_number, title="write", number=1)
    work = step.work(tmp_path)
    traits = getattr(write_number, STEP_TRAITS)
    monkeypatch.setattr(write_number, STEP_TRAITS, replace(traits, version=traits.version + 1))
    outcome = do(work)
    assert outcome.status == "failed"
    assert "version 1 of write_number" in outcome.message
    assert finished(plan, tmp_path) == set()


def test_workers_that_write_elsewhere_are_told(tmp_path, monkeypatch):
    plan = Plan()
    plan.add(write_number, title="write", number=1)
    monkeypatch.setattr(on_cluster, "_SECONDS_UNTIL_SEEN", 0.0)
    monkeypatch.setattr(StepStore, "result_of", lambda *_: None)  # here, not on the worker
    with connect("local", workers=1) as client:
        (outcome,) = execute(plan, tmp_path / "store", client).values()
    assert outcome.status == "failed"
    assert "do not write to the same folder" in outcome.message


@pytest.mark.parametrize(("device", "needs"), [("cuda", True), ("cuda:1", False), ("cpu", False)])
def test_steps_on_a_gpu_ask_for_one_of_their_own(device, needs):
    step = Plan().add(use_device, title="u", device=Content(device, ""))
    assert step.needs_gpu is needs
    assert Plan().add(write_number, title="w", number=1).needs_gpu is False


def test_a_gpu_is_one_steps_own(tmp_path, monkeypatch):
    """Two processes would meet at the same files; here, two locks in one."""
    taken = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.current_device", lambda: 0)
    monkeypatch.setattr("torch.cuda.set_device", taken.append)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with own_gpu(), own_gpu():
        assert taken == [0, 1]
    assert taken == [0, 1, 0, 0]
    with own_gpu():
        assert taken[-1] == 0


def test_equal_work_is_planned_once_and_goes_by_content():
    plan = Plan()
    first, second = (plan.add(write_number, title=title, number=1) for title in ("one", "another"))
    assert first is second
    here, there = (plan.add(die_at_first, title="d", marker=Content(path, "same")) for path in ("a", "b"))
    assert here is there
    assert plan.add(die_at_first, title="d", marker=Content("a", "other")) is not here
    assert len(plan) == 3


def test_keys_depend_on_arguments_needs_version_and_threads():
    def key(number: int = 1, threads: int = 1) -> str:
        plan = Plan(threads)
        base = plan.add(write_number, title="base", number=number)
        return plan.add(add_numbers, title="sum", numbers=[base], log="").key

    assert key() == key()
    assert len({key(), key(number=2), key(threads=2)}) == 3
    versions = {}
    for version in (1, 2):
        step_function(version=version)(multiply)
        versions[version] = Plan().add(multiply, title="", size=1, seed=0).key
    step_function()(multiply)
    assert versions[1] != versions[2]
    assert versions[1] == Plan().add(multiply, title="", size=1, seed=0).key


def test_what_no_plan_can_hold_is_refused():
    @step_function()
    def inner(folder: Path) -> None:
        pass

    for function in (inner, number_of):
        with pytest.raises(InputError, match="cannot be called by a step"):
            Plan().add(function, title="")
    with pytest.raises(InputError, match="nothing that a key can be made of"):
        Plan().add(write_number, title="", number={1, 2})
    other = Plan().add(write_number, title="one", number=1)
    with pytest.raises(InputError, match="another plan"):
        Plan().add(add_numbers, title="sum", numbers=[other], log="")


@pytest.mark.parametrize(
    ("cluster", "workers", "message"),
    [
        ("many", None, "no such cluster"),
        ("in-process", 2, "add --cluster local"),
        ("local", 0, "at least 1"),
        ("missing.yaml", None, "cannot be read"),
    ],
)
def test_clusters_that_cannot_be_are_refused(cluster, workers, message):
    with pytest.raises(InputError, match=message), connect(cluster, workers):
        pass


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("tunescope.studies.engine.cluster._CONNECT_SECONDS", 1)
    with pytest.raises(RunError, match="does not answer"), connect("tcp://127.0.0.1:1"):
        pass


def test_slurm_needs_its_extra_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    (tmp_path / "slurm.yaml").write_text("cores: 4\nmemory: 16GB\n")
    with pytest.raises(MissingExtraError, match=r"tunescope\[slurm\]"), connect(str(tmp_path / "slurm.yaml")):
        pass
