"""Templates are imported as a service would have them: side by side. The servers' addresses come from
`tests/templates/servers.py`."""

import json
import os
import sys
import urllib.request
from pathlib import Path

import pytest

# The binary embeds the skills: nothing else may lie there.
sys.dont_write_bytecode = True
SKILLS = Path(__file__).resolve().parents[3] / "skills"
for skill in ("rest-client", "message-queue", "event-schema", "saga"):
    sys.path.insert(0, str(SKILLS / skill / "assets" / "python"))


class Plan:
    """What the failing server does next, and what it saw."""

    def __init__(self, *steps: str) -> None:
        self._server = os.environ["FAULTS_URL"]
        request = urllib.request.Request(f"{self._server}/_plans", data=json.dumps({"steps": steps}).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.id = json.load(answer)["id"]
        self.url = f"{self._server}/{self.id}"

    def _state(self) -> dict:
        with urllib.request.urlopen(f"{self._server}/_plans/{self.id}", timeout=10) as answer:
            return json.load(answer)

    @property
    def requests(self) -> list[dict]:
        return self._state()["requests"]

    @property
    def most_open(self) -> int:
        return self._state()["most_open"]


@pytest.fixture
def plan() -> type[Plan]:
    return Plan
