"""Types of the payments service, from openapi/payments.yaml 1.4.0.

Made by `datamodel-codegen --input openapi/payments.yaml --output-model-type pydantic_v2.BaseModel`.
Do not edit: change the contract and generate again.
"""

from typing import Literal

from pydantic import BaseModel, Field


class NewPayment(BaseModel):
    order_id: str
    amount_minor: int = Field(ge=1, description="In the smallest unit of the currency")
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Payment(BaseModel):
    id: str
    order_id: str
    amount_minor: int
    currency: str
    status: Literal["pending", "captured", "refused"]
