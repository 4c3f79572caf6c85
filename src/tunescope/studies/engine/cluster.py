"""Where a study runs: this process, workers on this machine, a running Dask scheduler, or jobs of SLURM."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tunescope._core.errors import InputError, RunError
from tunescope._core.optional import import_optional
from tunescope._core.threads import number_of_threads

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

__all__ = ["GIGABYTE", "check_cluster", "connect"]

_KINDS = "in-process, local, tcp://host:port, or a YAML file for SLURM"
_CONNECT_SECONDS = 20
_SECONDS_BETWEEN_LOOKS = 1.0
_LOOKS_UNTIL_REPLACED = 8
"""A worker that was killed is started again by its nanny within some seconds, unless it was killed as it started."""
GIGABYTE = 2**30
_PROFILER = "distributed.worker.profile.enabled"


def check_cluster(cluster: str, workers: int | None) -> None:
    """Refuse what is no cluster, before anything is begun.

    Raises:
        InputError: There is no such kind of cluster, or it has no such workers.
    """
    if workers is not None and workers < 1:
        raise InputError("There are no workers.", where="--workers", expected="at least 1", got=workers)
    if cluster == "in-process" and workers is not None:
        raise InputError(
            "Only a cluster has workers.", where="--workers", got=workers, fix="add --cluster local"
        )
    known = cluster in ("in-process", "local") or "://" in cluster or cluster.endswith((".yaml", ".yml"))
    if not known:
        raise InputError("There is no such cluster.", where="--cluster", expected=_KINDS, got=repr(cluster))


@contextmanager
def connect(
    cluster: str = "in-process", workers: int | None = None, threads: int = 1, memory_gigabytes: float = 4.0
) -> Iterator[Client | None]:
    """Yield a client of the cluster, None for this process; what was started here is stopped at the end.

    Args:
        cluster: ``"in-process"``; ``"local"`` for processes of one thread on this machine; ``"tcp://…"`` for a
            scheduler that runs; or a YAML file with the arguments of :class:`dask_jobqueue.SLURMCluster`.
        workers: How many: processes (by default as many as cores and memory allow), or jobs of SLURM (default 1).
        threads: How many threads a step takes.
        memory_gigabytes: What the largest step may need.

    Raises:
        InputError: There is no such kind of cluster, or its file is not what it has to be.
        RunError: The scheduler does not answer.
        MissingExtraError: SLURM is asked for without the extra ``slurm``.
    """
    check_cluster(cluster, workers)
    if cluster == "in-process":
        yield None
    elif cluster == "local":
        with _local(workers or _workers_here(threads, memory_gigabytes)) as client:
            yield client
    elif "://" in cluster:
        with _scheduler(cluster) as client:
            yield client
    else:
        with _slurm(Path(cluster), workers or 1) as client:
            yield client


def _workers_here(threads: int, memory_gigabytes: float) -> int:
    """Return how many workers this machine has cores and memory for."""
    import psutil

    cores = number_of_threads(None) // threads
    fitting = psutil.virtual_memory().total / (memory_gigabytes * GIGABYTE)
    return max(1, min(cores, int(fitting)))


@contextmanager
def _local(workers: int) -> Iterator[Client]:
    import dask
    import psutil
    from distributed import Client, LocalCluster

    with (
        dask.config.set(
            {_PROFILER: False}
        ),  # it looks at workers a hundred times a second, for its dashboard alone
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",  # any free port
            resources={"memory": psutil.virtual_memory().total / workers},
            memory_limit=0,
        ) as cluster,
        Client(cluster) as client,
        _replaced(cluster, workers),
    ):
        yield client


@contextmanager
def _replaced(cluster: LocalCluster, n: int) -> Iterator[None]:
    """Start other workers in the place of those that are gone for good, as one that is killed while it starts."""
    stop, looks_without = threading.Event(), Counter[object]()

    async def replace() -> None:
        for name, nanny in list(cluster.workers.items()):
            process = nanny.process
            lives = process is not None and process.is_alive()
            looks_without[name] = 0 if lives else looks_without[name] + 1
            if looks_without[name] >= _LOOKS_UNTIL_REPLACED:
                looks_without[name] = 0
                del cluster.workers[name]
                cluster.scale(n)
                with suppress(Exception):  # whatever state it is in, it is not waited for
                    await asyncio.wait_for(nanny.close(timeout=1), _SECONDS_BETWEEN_LOOKS)

    def watch() -> None:
        while not stop.wait(_SECONDS_BETWEEN_LOOKS):
            cluster.sync(replace)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


@contextmanager
def _scheduler(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise RunError(
            "The scheduler does not answer.",
            where=address,
            expected="the address of a running Dask scheduler",
            got=str(error) or type(error).__name__,
            fix="start one with 'dask scheduler', and workers with 'dask worker --nworkers auto --nthreads 1'",
        ) from error
    with client:
        yield client


@contextmanager
def _slurm(path: Path, jobs: int) -> Iterator[Client]:
    """Start jobs, and others in the place of those whose time is up."""
    from distributed import Client

    arguments = _arguments(path)
    jobqueue = import_optional("dask_jobqueue", extra="slurm", purpose="run on SLURM")
    if shutil.which("sbatch") is None:
        raise RunError(
            "SLURM is not here.",
            where=path,
            expected="the command sbatch",
            fix="start the study where jobs are submitted, such as a login node",
        )
    try:
        cluster = jobqueue.SLURMCluster(**{"processes": arguments.get("cores"), **arguments})
    except (TypeError, ValueError) as error:
        raise InputError(
            "SLURM's workers cannot be described so.",
            where=path,
            expected="arguments of dask_jobqueue.SLURMCluster, such as cores, memory, walltime, queue",
            got=str(error),
        ) from error
    with cluster, Client(cluster) as client:
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        yield client


def _arguments(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            "The description of the cluster cannot be read.",
            where=path,
            expected="a YAML file",
            got=str(error),
        ) from error
    if not isinstance(found, dict):
        raise InputError(
            "The description of the cluster is empty or no mapping.",
            where=path,
            expected="lines such as 'cores: 4' and 'memory: 16GB'",
            got=type(found).__name__,
        )
    return found
