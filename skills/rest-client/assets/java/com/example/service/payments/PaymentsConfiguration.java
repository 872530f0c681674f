package com.example.service.payments;

import com.example.service.upstream.UpstreamClient;
import com.example.service.upstream.UpstreamSettings;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.json.JsonMapper;

/** One client for the upstream, with its address from {@code payments.url} or {@code PAYMENTS_URL}. */
@Configuration
public class PaymentsConfiguration {

    @Bean
    PaymentsClient paymentsClient(RestClient.Builder builder, JsonMapper json, @Value("${payments.url}") String url) {
        return new PaymentsClient(new UpstreamClient(builder, UpstreamSettings.of("payments", url)), json);
    }
}
