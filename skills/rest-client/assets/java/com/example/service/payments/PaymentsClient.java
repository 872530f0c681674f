package com.example.service.payments;

import com.example.service.upstream.UpstreamClient;
import com.example.service.upstream.UpstreamException;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.HttpMethod;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** The payments service, as this service uses it. */
public class PaymentsClient {

    private final UpstreamClient http;
    private final JsonMapper json;

    public PaymentsClient(UpstreamClient http, JsonMapper json) {
        this.http = http;
        this.json = json;
    }

    /** Empty when there is no such payment. */
    public Optional<Payment> find(String id) {
        try {
            return Optional.of(read(http.call(HttpMethod.GET, "/payments/{id}", Map.of("id", id), null, null)));
        } catch (UpstreamException.Rejected error) {
            if (error.status() == 404) {
                return Optional.empty();
            }
            throw error;
        }
    }

    /**
     * Charges. The key belongs to the intent, for example the id of the order: the same for every try, also for one
     * after a restart. A new key for each call would charge twice.
     */
    public Payment create(Payment.Wanted wanted, String idempotencyKey) {
        byte[] body = json.writeValueAsBytes(wanted);
        return read(http.call(HttpMethod.POST, "/payments", Map.of(), body, idempotencyKey));
    }

    private Payment read(byte[] body) {
        try {
            Payment payment = json.readValue(body, Payment.class);
            if (payment == null || payment.id() == null || payment.orderId() == null || payment.status() == null) {
                throw new UpstreamException.ContractBroken("payments", "a field is missing", null);
            }
            return payment;
        } catch (JacksonException error) {
            throw new UpstreamException.ContractBroken("payments", "the answer is no payment", error);
        }
    }
}
