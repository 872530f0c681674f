package com.example.service.payments;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A charge, from openapi/payments.yaml 1.4.0; openapi-generator makes such types.
 *
 * @param amountMinor in the smallest unit of the currency
 */
public record Payment(
        String id,
        @JsonProperty("order_id") String orderId,
        @JsonProperty("amount_minor") long amountMinor,
        String currency,
        Status status) {

    /** The states that the contract knows. */
    public enum Status {
        @JsonProperty("pending") PENDING,
        @JsonProperty("captured") CAPTURED,
        @JsonProperty("refused") REFUSED
    }

    /** What to charge. */
    public record Wanted(
            @JsonProperty("order_id") String orderId,
            @JsonProperty("amount_minor") long amountMinor,
            String currency) {}
}
