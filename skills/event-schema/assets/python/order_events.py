"""The events of orders that this service knows."""

from pathlib import Path

from events import Data, Events


def order_placed_v1(data: Data) -> Data:
    """v1 knew no other currency than euro."""
    rest = {name: value for name, value in data.items() if name != "total_cents"}
    return {**rest, "total": {"amount_minor": data["total_cents"], "currency": "EUR"}}


def order_events(schemas: Path) -> Events:
    return Events(schemas, upcasts={"order.placed.v1": order_placed_v1})
