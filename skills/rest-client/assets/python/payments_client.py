"""The payments service, as this service uses it."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from payments_api import NewPayment, Payment
from service_client import ServiceClient, UpstreamContractBroken, UpstreamRejected


T = TypeVar("T", bound=BaseModel)


class PaymentsClient:
    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def get_payment(self, payment_id: str) -> Payment | None:
        """None when there is no such payment."""
        try:
            response = await self._client.request(
                "GET", "/payments/{payment_id}", path_values={"payment_id": payment_id}
            )
        except UpstreamRejected as error:
            if error.status == 404:
                return None
            raise
        return read(Payment, response.content)

    async def create_payment(self, payment: NewPayment, *, idempotency_key: str) -> Payment:
        """The key belongs to the intent, for example the id of the order: the same for every try, also
        for one after a restart. A new key for each call would charge twice."""
        response = await self._client.request(
            "POST", "/payments", json=payment.model_dump(mode="json"), idempotency_key=idempotency_key
        )
        return read(Payment, response.content)


def read(model: type[T], body: bytes) -> T:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise UpstreamContractBroken("payments", f"the answer is no {model.__name__}") from error
