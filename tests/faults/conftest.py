from tests.cli.conftest import bare, shop, stop
from tests.gate.conftest import gate, make_gate

__all__ = ["bare", "gate", "make_gate", "shop", "stop"]
