"""Templates are imported as a service would have them: side by side. The servers' addresses come from
`tests/templates/servers.py`."""

import asyncio
import inspect
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

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


class Worker:
    """A consumer in a process of its own."""

    def __init__(self, broker: str, name: str, topic: str, database: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), broker, name, topic],
            env={**os.environ, "DATABASE_URL": database, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True)
        self._reader.start()

    def text(self) -> str:
        return "".join(self.said)

    async def end(self, patience: float = 60) -> int:
        """Waits until it ended, and gives its code."""
        await eventually(lambda: self.process.poll() is not None, self.text, patience)
        self._reader.join(5)
        return self.process.returncode

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.end()


async def eventually(check, told=lambda: "", patience: float = 60, pause: float = 0.1):
    """Waits until something holds, and gives what `check` gave."""
    until = time.monotonic() + patience
    while True:
        found = check()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"it did not happen within {patience} s: {told()}")
        await asyncio.sleep(pause)


@pytest.fixture
def name() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def database(name):
    """A database of its own, with the tables of the templates and one for effects."""
    server = os.environ["POSTGRES_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = server.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        for script in sorted(SKILLS.glob("*/assets/sql/*.sql")):
            connection.execute(script.read_text())
        connection.execute("CREATE TABLE effects (n int, attempt int, traceparent text)")
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest_asyncio.fixture
async def pool(database):
    async with AsyncConnectionPool(database, open=False, max_size=5) as pool:
        yield pool


@pytest.fixture
def worker(name, database):
    """Starts consumers; all are ended with the test."""
    started = []

    def start(broker: str, **variables: str) -> Worker:
        started.append(Worker(broker, name, name, database, **variables))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()


@pytest.fixture
def effects(database):
    def read() -> list[int]:
        with psycopg.connect(database) as connection:
            return [n for (n,) in connection.execute("SELECT n FROM effects ORDER BY n").fetchall()]

    return read


class Gate:
    """A way to a server that can be shut: what is sent then is swallowed, and no answer comes."""

    def __init__(self) -> None:
        self.shut = False

    async def open(self, host: str, port: int) -> int:
        async def pump(reader, writer):
            while data := await reader.read(65536):
                while self.shut:
                    await asyncio.sleep(0.05)
                writer.write(data)

        async def serve(reader, writer):
            there, back = await asyncio.open_connection(host, port)
            self.pumps += [asyncio.create_task(pump(reader, back)), asyncio.create_task(pump(there, writer))]

        self.pumps: list[asyncio.Task] = []
        self.server = await asyncio.start_server(serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self.server.close()
        for pump in self.pumps:
            pump.cancel()


@pytest_asyncio.fixture
async def gate():
    gate = Gate()
    yield gate
    gate.close()
