"""Events as CloudEvents 1.0: validated when they are made and when they come, old versions made new.

The type ends with the version of its schema: `order.placed.v2` is described by
`order.placed.v2.schema.json`. A published schema never changes.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

Data = dict[str, Any]
Upcast = Callable[[Data], Data]

TYPE = re.compile(r"(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)\.v(?P<version>[1-9][0-9]*)")


class InvalidEvent(Exception):
    """Not an event, or not what its schema says: poison for a consumer, a bug for a publisher."""


class UnknownEvent(Exception):
    """A type or a version that this service does not know: acknowledge and count it, or park it."""


@dataclass(frozen=True)
class Event:
    """`id` is made once and stays, however often the event is sent: consumers deduplicate by it."""

    type: str
    source: str  # which service: `/orders`
    subject: str  # the id of the aggregate; also the key that keeps the order
    data: Data
    correlation_id: str  # of the whole business operation
    causation_id: str | None = None  # the id of the event or command that led to this one
    id: UUID = field(default_factory=uuid4)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise InvalidEvent("the time has no offset")


class Events:
    """The events that a service publishes and understands."""

    def __init__(self, schemas: Path, upcasts: Mapping[str, Upcast] | None = None) -> None:
        """`upcasts` make data of the named type into data of the next version."""
        self._schemas: dict[str, Draft202012Validator] = {}
        self._latest: dict[str, int] = {}
        self._upcasts = dict(upcasts or {})
        for file in sorted(schemas.glob("*.schema.json")):
            schema = json.loads(file.read_text(encoding="utf-8"))
            Draft202012Validator.check_schema(schema)
            type_ = file.name.removesuffix(".schema.json")
            name, version = split(type_)
            self._schemas[type_] = Draft202012Validator(schema, format_checker=FormatChecker())
            self._latest[name] = max(version, self._latest.get(name, 0))
        for type_ in self._schemas:
            name, version = split(type_)
            if version < self._latest[name] and type_ not in self._upcasts:
                raise ValueError(f"nothing makes {type_} into {name}.v{version + 1}")

    def encode(self, event: Event) -> bytes:
        """The event as it is sent. Raises `InvalidEvent` when its data is not what the schema says."""
        data = json.loads(json.dumps(event.data, default=plain))
        self._validate(event.type, data)
        envelope = {
            "specversion": "1.0",
            "id": str(event.id),
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time.isoformat(),
            "datacontenttype": "application/json",
            "dataschema": self._schemas[event.type].schema["$id"],
            "correlationid": event.correlation_id,
            "data": data,
        }
        if event.causation_id is not None:
            envelope["causationid"] = event.causation_id
        return json.dumps(envelope).encode()

    def decode(self, body: bytes) -> Event:
        """An event that came, in the newest version of its type. Unknown fields are no fault."""
        try:
            envelope = json.loads(body)
            if envelope["specversion"] != "1.0":
                raise InvalidEvent(f"specversion {envelope['specversion']!r}")
            event = Event(
                type=envelope["type"],
                source=envelope["source"],
                subject=envelope["subject"],
                data=envelope["data"],
                correlation_id=envelope["correlationid"],
                causation_id=envelope.get("causationid"),
                id=UUID(envelope["id"]),
                time=datetime.fromisoformat(envelope["time"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidEvent("the envelope can't be read") from error
        name, version = split(event.type)
        if event.type not in self._schemas:
            raise UnknownEvent(event.type)
        self._validate(event.type, event.data)
        data = event.data
        for old in range(version, self._latest[name]):
            data = self._upcasts[f"{name}.v{old}"](data)
        type_ = f"{name}.v{self._latest[name]}"
        self._validate(type_, data)
        return Event(
            type_, event.source, event.subject, data, event.correlation_id, event.causation_id, event.id, event.time
        )

    def _validate(self, type_: str, data: Data) -> None:
        schema = self._schemas.get(type_)
        if schema is None:
            raise InvalidEvent(f"there is no schema of {type_}")
        try:
            schema.validate(data)
        except ValidationError as error:
            raise InvalidEvent(f"{type_}: {error.json_path}: {error.message}") from error


def split(type_: str) -> tuple[str, int]:
    """`order.placed.v2`: name and version."""
    found = TYPE.fullmatch(type_) if isinstance(type_, str) else None
    if found is None:
        raise InvalidEvent(f"{type_!r} is no type such as order.placed.v1")
    return found["name"], int(found["version"])


def plain(value: object) -> str:
    """What JSON has no form for, each in one form only."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidEvent(f"{value} has no offset")
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    raise InvalidEvent(f"{type(value).__name__} has no form in JSON")
