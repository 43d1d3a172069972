"""Reads the state of an AWS account (an emulator) and compares two states."""

from account_state.differences import differences
from account_state.state import NOT_COMPARED, State

__all__ = ["NOT_COMPARED", "State", "differences"]
