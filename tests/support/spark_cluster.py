"""A real Spark cluster on this machine's loopback: a standalone master and workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@define(eq=False)
class Cluster:
    """The processes of a cluster; `url` is what a driver is given."""

    url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(factory=list)

    def start_worker(self, cores: int = 1) -> subprocess.Popen[bytes]:
        name = f"worker-{len(self.workers)}"
        more = ["--host", "127.0.0.1", "--cores", str(cores), "--memory", "1g", "--work-dir", str(self.folder / name)]
        self.workers.append(_start(self.folder, name, "worker.Worker", "--webui-port", "0", *more, self.url))
        _wait_for(self.folder / f"{name}.log", "Successfully registered with master")
        return self.workers[-1]

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As if its machine were gone: the worker and what it has started."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _start(folder: Path, name: str, what: str, *arguments: str) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    command = ["java", "-Xmx512m", "-cp", str(home / "jars" / "*"), f"org.apache.spark.deploy.{what}", *arguments]
    env = os.environ | settings() | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13", "POLICY_CACHE": "off"}
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)


def _wait_for(log: Path, words: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if log.exists() and words in log.read_text(errors="replace"):
            return
        time.sleep(0.1)
    raise AssertionError(f"{log.name} never says `{words}`:\n{log.read_text(errors='replace')[-2_000:]}")


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A master and so many workers of one core each."""
    port = free_port()
    master = _start(
        folder, "master", "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"
    )
    made = Cluster(f"spark://127.0.0.1:{port}", folder)
    try:
        _wait_for(folder / "master.log", "I have been elected leader")
        for _ in range(workers):
            made.start_worker()
        yield made
    finally:
        for process in (*made.workers, master):
            if process.poll() is None:
                made.kill(process)


def settings() -> dict[str, Any]:
    """What a driver on loopback needs."""
    return {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
