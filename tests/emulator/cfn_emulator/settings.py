"""Settings of one server, which each copy of an origin can have different."""

from dataclasses import dataclass


@dataclass
class Settings:
    # Seconds between two events of a stack operation.
    step: float = 0.02
    # Seconds from the launch of an instance until its agent registers.
    agent_seconds: float = 0.0

    # The file that receives the calls; `None` records none.
    record: str | None = None

    def load(self, environment):
        """Reads EMULATOR_STEP, EMULATOR_AGENT_SECONDS and EMULATOR_RECORD."""
        self.step = float(environment.get("EMULATOR_STEP", self.step))
        self.agent_seconds = float(environment.get("EMULATOR_AGENT_SECONDS", self.agent_seconds))
        self.record = environment.get("EMULATOR_RECORD", self.record)


SETTINGS = Settings()
