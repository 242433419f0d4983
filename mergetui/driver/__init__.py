"""Look, plan, act for one repository."""

from mergetui.driver.acting import Ports
from mergetui.driver.driver import Driver

__all__ = ["Driver", "Ports"]
