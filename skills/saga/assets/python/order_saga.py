"""An order: stock is reserved, the payment is taken, the parcel is sent."""

from typing import Protocol

from orchestrator import Json, SagaType, Step, StepContext


class Stock(Protocol):
    async def reserve(self, sku: str, amount: int, *, key: str) -> str:
        """The id of the reservation; raises `Refused` when there is not enough."""

    async def release(self, reservation_id: str | None, *, key: str) -> None:
        """Releases a reservation, by its id or by the key it was made with; none is fine."""


class Payments(Protocol):
    async def charge(self, amount_minor: int, currency: str, *, key: str) -> str:
        """The id of the payment; raises `Refused` when it is declined."""

    async def refund(self, payment_id: str | None, *, key: str) -> None:
        """Pays back, by the id or by the key of the charge; no charge is fine."""


class Shipping(Protocol):
    async def send(self, order_id: str, reservation_id: str, *, key: str) -> str:
        """The number of the parcel."""


def order_saga(stock: Stock, payments: Payments, shipping: Shipping) -> SagaType:
    async def reserve(context: StepContext) -> Json:
        order = context.input
        return {"reservation_id": await stock.reserve(order["sku"], order["amount"], key=context.key)}

    async def release(context: StepContext, result: Json | None) -> None:
        await stock.release(result["reservation_id"] if result else None, key=context.key)

    async def charge(context: StepContext) -> Json:
        order = context.input
        return {"payment_id": await payments.charge(order["total_minor"], order["currency"], key=context.key)}

    async def refund(context: StepContext, result: Json | None) -> None:
        await payments.refund(result["payment_id"] if result else None, key=context.key)

    async def send(context: StepContext) -> Json:
        reservation_id = context.results["reserve"]["reservation_id"]
        return {"parcel": await shipping.send(context.input["order_id"], reservation_id, key=context.key)}

    return SagaType(
        "order",
        steps=[
            Step("reserve", reserve, release),
            Step("charge", charge, refund),
            Step("send", send),
        ],
        pivot="charge",
    )
