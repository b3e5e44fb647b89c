"""The virtual environment that the benchmark runs in: made once, reused, and the only thing it writes to.

A package that cannot be installed does not stop the others; what pip said of it is kept for its row.
Failures are tried again on the next run.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv-benchmarks"

_BENCHMARK = Path(sys.argv[0]).resolve().parent  # whose `requirements.txt` are wanted
_REQUIREMENTS = _BENCHMARK / "requirements.txt"
_RECORD = VENV / f"{_BENCHMARK.name}.json"
_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def enter() -> None:
    """Return inside the environment, having made it and run this program again in it if need be."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    if not _PYTHON.exists():
        print(f"making {VENV}", file=sys.stderr)
        venv.create(VENV, with_pip=True)
    if not _is_complete():
        _install()
    sys.stdout.flush()
    command = [str(_PYTHON), *sys.argv]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(_PYTHON, command)


def failures() -> dict[str, str]:
    """What pip said, by package, of those that it could not install."""
    if not _RECORD.exists():
        return {}
    recorded: dict[str, str] = json.loads(_RECORD.read_text(encoding="utf-8"))["failures"]
    return recorded


def _is_complete() -> bool:
    """Whether all of today's requirements were installed, without asking pip."""
    if not _RECORD.exists():
        return False
    recorded = json.loads(_RECORD.read_text(encoding="utf-8"))
    return bool(recorded == {"wanted": _wanted(), "failures": {}})


def _wanted() -> str:
    texts = [_REQUIREMENTS.read_bytes()]
    if (PROJECT / "pyproject.toml").exists():
        texts.append((PROJECT / "pyproject.toml").read_bytes())
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _install() -> None:
    print(f"installing into {VENV}", file=sys.stderr)
    failed: dict[str, str] = {}
    if complaint := _pip("--editable", str(PROJECT)):
        failed["this project"] = complaint
    if _pip("--requirement", str(_REQUIREMENTS)):
        for line in _REQUIREMENTS.read_text(encoding="utf-8").splitlines():
            requirement = line.partition("#")[0].strip()
            if requirement and (complaint := _pip(requirement)):
                failed[requirement.partition("==")[0]] = complaint
    record = {"wanted": _wanted(), "failures": failed}
    _RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _pip(*arguments: str) -> str:
    """Run `pip install`, and give the last error that it reports, or nothing when it succeeds."""
    command = [str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    errors = [line.strip() for line in done.stderr.splitlines() if re.search(r"\b(ERROR|\w*Error): ", line)]
    complaint = errors[-1].removeprefix("ERROR: ") if errors else f"pip ended with {done.returncode}"
    print(f"pip install {' '.join(arguments)}: {complaint}", file=sys.stderr)
    return complaint
