package com.example.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the failing server does next, and what it saw. */
final class Plan {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String at;
    final String url;

    Plan(String... steps) throws Exception {
        String server = System.getenv("FAULTS_URL");
        String body = JSON.writeValueAsString(Map.of("steps", List.of(steps)));
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + "/_plans"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        String id = JSON.readTree(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body())
                .required("id")
                .stringValue();
        at = server + "/_plans/" + id;
        url = server + "/" + id;
    }

    List<JsonNode> requests() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(at)).build();
        JsonNode state = JSON.readTree(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
        List<JsonNode> found = new ArrayList<>();
        state.required("requests").forEach(found::add);
        return found;
    }

    void expect(int number) throws Exception {
        List<JsonNode> requests = requests();
        assertEquals(number, requests.size(), requests::toString);
    }
}
