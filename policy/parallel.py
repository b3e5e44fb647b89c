"""Jobs on several processes, their results in order.

In: functions without arguments, and a size for each. Out: an iterator over the results. Processes are forked, so that
jobs inherit programs and models instead of having them sent; where a system cannot fork, jobs run one after another.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

_jobs: Sequence[Callable[[], object]] = ()  # as the forked processes inherit them


def in_parallel(
    jobs: Sequence[Callable[[], T]],
    sizes: Sequence[int] = (),
    processes: int = 0,
    done: Callable[[], object] = lambda: None,
    early: dict[int, T] | None = None,
) -> Iterator[T]:
    """The results in order, the largest jobs begun first; `done` is called after each. 0 is one process a core.

    `early` gets the results by the numbers of their jobs, each as soon as it is there: for whoever is interrupted.
    """
    global _jobs
    processes = processes or multiprocessing.cpu_count()
    if processes == 1 or len(jobs) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        for n, job in enumerate(jobs):
            result = job()
            if early is not None:
                early[n] = result
            yield result
            done()
        return
    _jobs = jobs
    order = sorted(range(len(jobs)), key=lambda n: -sizes[n]) if sizes else range(len(jobs))
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        futures = {n: pool.submit(_run, n) for n in order}

        def note(n: int, future: Future[T]) -> None:
            if early is not None and not future.cancelled() and future.exception() is None:
                early[n] = future.result()
            done()

        for n, future in futures.items():
            future.add_done_callback(partial(note, n))
        for n in range(len(jobs)):
            yield futures[n].result()


def _run(n: int) -> Any:
    return _jobs[n]()
