"""Envelope, schemas and upcaster."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from conftest import SKILLS
from events import Event, Events, InvalidEvent, UnknownEvent
from order_events import order_events

FOLDER = SKILLS / "event-schema" / "assets" / "schemas"
TOTAL = {"amount_minor": 4200, "currency": "EUR"}


@pytest.fixture
def events():
    return order_events(FOLDER)


def placed(version: int = 2, **data) -> Event:
    return Event(f"order.placed.v{version}", "/orders", "o-17", {"order_id": "o-17", **data}, "c-1")


def test_what_is_encoded_is_a_cloud_event_and_comes_back(events):
    event = placed(total=TOTAL)
    body = events.encode(event)
    envelope = json.loads(body)
    assert {"specversion", "id", "source", "type", "subject", "time", "dataschema", "correlationid"} <= set(envelope)
    assert datetime.fromisoformat(envelope["time"]).tzinfo is not None
    assert events.decode(body) == event
    assert events.encode(event) == body, "sent again it is the same event"


def test_a_publisher_cannot_send_what_breaks_the_schema(events):
    for wrong in ({}, {"total": {"amount_minor": 42.5, "currency": "EUR"}}, {"total": {"amount_minor": 1}}):
        with pytest.raises(InvalidEvent):
            events.encode(placed(**wrong))
    with pytest.raises(InvalidEvent):
        events.encode(placed(3, total=TOTAL))


def test_a_consumer_refuses_what_is_no_event(events):
    good = json.loads(events.encode(placed(total=TOTAL)))
    for change in ({"id": None}, {"specversion": "0.3"}, {"time": "2026-05-04T09:30:00"}, {"data": {}}, {"type": 7}):
        with pytest.raises(InvalidEvent):
            events.decode(json.dumps({**good, **change}).encode())
    for body in (b"", b"\xff", b"[]", b"null", b'"text"'):
        with pytest.raises(InvalidEvent):
            events.decode(body)


def test_an_unknown_version_is_told_apart_from_a_broken_event(events):
    good = json.loads(events.encode(placed(total=TOTAL)))
    for type_ in ("order.placed.v9", "order.cancelled.v1"):
        with pytest.raises(UnknownEvent):
            events.decode(json.dumps({**good, "type": type_}).encode())


def test_unknown_fields_are_no_fault(events):
    good = json.loads(events.encode(placed(total=TOTAL)))
    good["data"]["colour"] = "red"
    assert events.decode(json.dumps({**good, "tenant": "t"}).encode()).data["colour"] == "red"


def test_an_old_version_is_made_new(events):
    old = placed(1, total_cents=4200, note="quick")
    event = events.decode(events.encode(old))
    assert event.type == "order.placed.v2" and event.id == old.id
    assert event.data == {"order_id": "o-17", "note": "quick", "total": TOTAL}


def test_a_version_that_nothing_makes_new_is_told_at_the_start():
    with pytest.raises(ValueError, match="order.placed.v1"):
        Events(FOLDER)


def test_values_have_one_form_each(events):
    with pytest.raises(InvalidEvent, match="offset"):
        events.encode(placed(total=TOTAL, at=datetime(2026, 5, 4)))
    body = events.encode(placed(total=TOTAL, weight=Decimal("1.50")))
    assert json.loads(body)["data"]["weight"] == "1.50"


def test_the_examples_of_the_schemas_are_valid():
    for file in FOLDER.glob("*.json"):
        schema = json.loads(file.read_text())
        for example in schema["examples"]:
            order_events(FOLDER)._validate(file.name.removesuffix(".schema.json"), example)
