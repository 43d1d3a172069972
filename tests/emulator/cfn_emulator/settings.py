"""Settings of one server, which each copy of an origin can have different."""

from dataclasses import dataclass


@dataclass
class Settings:
    # Seconds between two events of a stack operation.
    step: float = 0.02
    # Seconds from the launch of an instance until its agent registers.
    agent_seconds: float = 0.0

    def load(self, environment):
        """Reads EMULATOR_STEP and EMULATOR_AGENT_SECONDS."""
        self.step = float(environment.get("EMULATOR_STEP", self.step))
        self.agent_seconds = float(environment.get("EMULATOR_AGENT_SECONDS", self.agent_seconds))


SETTINGS = Settings()
