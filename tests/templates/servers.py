"""Starts the servers that the templates are tested against: RabbitMQ, Kafka (KRaft), PostgreSQL and an HTTP
server that fails on purpose. On free ports, with all their data in one folder, for as long as this process
has its standard input: whoever started it may crash, and the servers end all the same.

    servers.py FOLDER                  prints the addresses as one line of JSON, waits for the end of input
    servers.py FOLDER -- COMMAND ...   runs a command with the addresses in its environment

What is missing is an error that says how to get it. `.ci/tools templates-servers` installs what it can.
"""

import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "target" / "tools" / "templates"
STARTED: list[subprocess.Popen] = []
# A busy machine needs long for an Erlang node and a JVM.
PATIENCE = 180


class Missing(Exception):
    pass


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(command: list, log: Path, environment: dict | None = None, user: str | None = None) -> subprocess.Popen:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    STARTED.append(process)
    return process


def wait(name: str, process: subprocess.Popen, log: Path, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}:\n{tail(log)}")
        if ready():
            return
        time.sleep(0.2)
    raise RuntimeError(f"{name} was not ready after {PATIENCE} s:\n{tail(log)}")


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-40:])


def answers(port: int, hello: bytes = b"", expected: bytes = b"") -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            if hello:
                connection.sendall(hello)
                return connection.recv(16).startswith(expected)
            return True
    except OSError:
        return False


def program(name: str, hint: str, *patterns: str) -> str:
    for pattern in patterns:
        if found := sorted(glob.glob(pattern)):
            return found[-1]
    if found := shutil.which(name):
        return found
    raise Missing(f"{name} is missing: {hint}")


def postgres(folder: Path, port: int) -> Callable[[], str]:
    hint = "install PostgreSQL (Debian: apt-get install postgresql)"
    binaries = Path(program("postgres", hint, "/usr/lib/postgresql/*/bin/postgres")).resolve().parent
    # The server refuses to run as root.
    user = None
    if os.getuid() == 0:
        user = next(name for name in ("postgres", "nobody") if any(p.pw_name == name for p in pwd.getpwall()))
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    made = subprocess.run(
        [binaries / "initdb", "--pgdata", data, "--username", "test", "--auth", "trust", "--no-sync"],
        capture_output=True, text=True, cwd=folder, **as_user,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
    options = ["fsync=off", "shared_buffers=16MB", "max_connections=60", "listen_addresses=127.0.0.1"]
    arguments = [part for option in options for part in ("-c", option)]
    process = start([binaries / "postgres", "-D", data, "-p", port, "-k", folder, *arguments], log, user=user)

    def finish() -> str:
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait("PostgreSQL", process, log, lambda: subprocess.run(ready).returncode == 0)
        return f"postgresql://test@127.0.0.1:{port}/postgres"

    return finish


def rabbitmq(folder: Path, port: int, spread: int, epmd: int) -> Callable[[], str]:
    hint = "install it (Debian: apt-get install rabbitmq-server)"
    server = program("rabbitmq-server", hint, "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
    log = folder / "log"
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\nlog.console.level = warning\nlog.file = false\n"
        "disk_free_limit.absolute = 10MB\nvm_memory_high_watermark.absolute = 512MB\n"
    )
    (folder / "plugins").write_text("[].\n")
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"templates{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_DIST_PORT": str(spread),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    # A port mapper of our own, that ends with us.
    start([program("epmd", hint, "/usr/lib/erlang/erts-*/bin/epmd")], folder / "epmd.log", environment)
    process = start([server], log, environment)

    def finish() -> str:
        wait("RabbitMQ", process, log, lambda: answers(port, b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00"))
        return f"amqp://guest:guest@127.0.0.1:{port}/"

    return finish


def kafka(folder: Path, port: int, controller: int) -> Callable[[], str]:
    java = program("java", "install a Java runtime, 17 or later (Debian: apt-get install openjdk-17-jre-headless)")
    jars = TOOLS / "kafka" / "libs"
    if not jars.is_dir():
        raise Missing("the jars of Kafka are missing: run `.ci/tools templates-servers` (it needs Maven)")
    log, settings = folder / "log", folder / "server.properties"
    settings.write_text(
        f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.enable=false
num.network.threads=1
num.io.threads=2
"""
    )
    (folder / "log4j.properties").write_text(
        "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n\n"
    )
    # Serial collector and the first compiler only: small and quick to start.
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
    options.append(f"-Dlog4j.configuration=file:{folder}/log4j.properties")
    storage = ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", settings]
    made = subprocess.run([java, *options, *storage], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"the storage of Kafka could not be made: {made.stdout}{made.stderr}")
    process = start([java, *options, "kafka.Kafka", settings], log)

    def finish() -> str:
        wait("Kafka", process, log, lambda: answers(port))
        return f"127.0.0.1:{port}"

    return finish


def faults(folder: Path, port: int) -> Callable[[], str]:
    log = folder / "log"
    process = start([sys.executable, HERE / "fault_server.py", port], log)

    def finish() -> str:
        wait("the failing HTTP server", process, log, lambda: answers(port))
        return f"http://127.0.0.1:{port}"

    return finish


def stop() -> None:
    for process in STARTED:
        try:
            os.killpg(process.pid, signal.SIGTERM if process.poll() is None else signal.SIGKILL)
        except ProcessLookupError:
            pass
    until = time.monotonic() + 5
    for process in STARTED:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main() -> int:
    base = Path(sys.argv[1]).resolve()
    base.mkdir(parents=True, exist_ok=True)
    # Of those that were killed hard, before.
    for old in base.glob("run-*"):
        if not Path("/proc", old.name.removeprefix("run-")).exists():
            shutil.rmtree(old, ignore_errors=True)
    base /= f"run-{os.getpid()}"
    base.mkdir()
    ports = free_ports(7)
    wanted = {
        "POSTGRES_URL": lambda at: postgres(at, ports[0]),
        "RABBITMQ_URL": lambda at: rabbitmq(at, ports[1], ports[2], ports[3]),
        "KAFKA_BROKERS": lambda at: kafka(at, ports[4], ports[5]),
        "FAULTS_URL": lambda at: faults(at, ports[6]),
    }
    if chosen := os.environ.get("TEMPLATE_SERVERS"):
        wanted = {name: begin for name, begin in wanted.items() if name.split("_")[0].lower() in chosen}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        finishes = {}
        for name, begin in wanted.items():
            folder = base / name.split("_")[0].lower()
            folder.mkdir()
            finishes[name] = begin(folder)
        addresses = {name: finish() for name, finish in finishes.items()}
        if sys.argv[2:3] == ["--"]:
            return subprocess.run(sys.argv[3:], env={**os.environ, **addresses}).returncode
        print(json.dumps(addresses), flush=True)
        sys.stdin.read()
        return 0
    except (Missing, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
