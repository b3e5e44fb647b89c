"""The compiled matcher, built once for both rows."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType

import compiled


@cache
def matcher() -> ModuleType:
    """Raises NotCompiled where there is no compiler."""
    folder = Path(mkdtemp(prefix="compiled-"))
    compiled.build(folder)
    return compiled.load(folder)
