"""A headless Chromium that opens one page after another: spoken to over a pipe, so that nothing listens anywhere.

In: files. Out: what the page said on the console, what an expression gives in it, and the page as PDF. Absent: any
client library; the protocol is one JSON object after another, with a zero byte between them.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Self

QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-pipe"
).split()
PATIENCE = 400.0  # seconds for one answer
_SAID = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}


class Chromium:
    """One browser with one page, until it is closed."""

    def __init__(self, program: str, profile: Path) -> None:
        reads, self._write = _pipe()
        self._read, writes = _pipe()

        def joined() -> None:
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._process = subprocess.Popen(
            [program, *QUIET, f"--user-data-dir={profile}", "about:blank"],
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4, reads, writes),
            preexec_fn=joined,
        )
        os.close(reads)
        os.close(writes)
        self._rest = b""
        self._number = 0
        self._session = ""
        self._loaded = False
        self.console: list[str] = []
        pages = self.ask("Target.getTargets")["targetInfos"]
        target = next(p["targetId"] for p in pages if p["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log"):
            self.ask(f"{part}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._read)

    def open(self, file: Path, *, width: int = 1100, dark: bool = False) -> None:
        """Opens a file, and forgets what pages before it said."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(width)
        self._loaded = False
        self.console.clear()
        self.ask("Page.navigate", url=file.as_uri())
        while not self._loaded:
            self._hear(self._message())

    def follow(self, link: str) -> str:
        """Clicks the first link that a selector finds; the file and place that it led to."""
        found = f"document.querySelector({json.dumps(link)})"
        assert self.evaluate(f"Boolean({found})"), f"there is no link {link}"
        self._loaded = not self.evaluate(f"{found}.pathname !== location.pathname")
        self.evaluate(f"{found}.click()")
        while not self._loaded:
            self._hear(self._message())
        place: str = self.evaluate("location.pathname.split('/').pop() + location.hash")
        return place

    def resize(self, width: int) -> None:
        size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def evaluate(self, expression: str) -> Any:
        """What an expression, or the promise that it makes, comes to."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        told = self.ask("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def pdf(self) -> bytes:
        return base64.b64decode(self.ask("Page.printToPDF", preferCSSPageSize=True)["data"])

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while (told := self._message()).get("id") != self._number:
            self._hear(told)
        assert "error" not in told, told["error"]
        result: dict[str, Any] = told["result"]
        return result

    def _hear(self, told: dict[str, Any]) -> None:
        self._loaded |= told.get("method") == "Page.loadEventFired"
        if told.get("method") in _SAID:
            self.console.append(json.dumps(told["params"], ensure_ascii=False)[:500])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            data = os.read(self._read, 1 << 20) if ready else b""
            assert data, "Chromium says nothing"
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(text)
        return told


def _pipe() -> tuple[int, int]:
    """A pipe whose ends have numbers above those that Chromium looks for."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
