"""CloudFormation's control plane: change sets, asynchronous operations, events, rollback, drift."""

from cfn_emulator.control_plane import (  # noqa: F401 (each module installs its actions)
    change_set_actions,
    describe_actions,
    drift_actions,
    exports,
    stack_actions,
)
