//! The id of an event stands in its payload or in its headers, however these are made.

use crate::support::{folder, skillcheck_in};

/// Whether the binary says that the event of a service has no id.
#[track_caller]
fn has_no_id(files: &[(&str, &str)]) -> bool {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--no-config", "--skill", "event-schema", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let told: Vec<&str> = output["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    // The version is never there: the message was read.
    assert!(told.contains(&"event-schema/unversioned-event"), "{output}");
    told.contains(&"event-schema/missing-event-id")
}

/// Each way to make headers, with one that says nothing of the event and with its id.
#[track_caller]
fn told_by_the_header(path: &str, manifest: (&str, &str), frame: &str, ways: &[&str]) {
    for way in ways {
        let service = |header: &str| frame.replace("HEADERS", &way.replace("NAME", header));
        let with = |header: &str| has_no_id(&[(path, &service(header)), manifest]);
        assert!(with("x-tenant"), "{way}: no id, and not told");
        assert!(!with("event-id"), "{way}: an id, and told that it has none");
    }
}

#[test]
fn headers_of_rabbitmq_client() {
    let project = r#"<Project Sdk="Microsoft.NET.Sdk.Worker"><ItemGroup><PackageReference Include="RabbitMQ.Client" Version="7.1.2" /></ItemGroup></Project>"#;
    let frame = r#"using System.Text.Json;
using RabbitMQ.Client;

namespace Depot;

public sealed record ParcelSent(string ParcelId, long Grams);

public sealed class Parcels(IConnection connection)
{
    public async Task PublishAsync(ParcelSent sent, string id)
    {
        await using var channel = await connection.CreateChannelAsync();
        HEADERS
        await channel.BasicPublishAsync("parcels", "parcel.sent", true, properties, JsonSerializer.SerializeToUtf8Bytes(sent));
    }
}
"#;
    let ways = [
        r#"var headers = new Dictionary<string, object?>(); headers["NAME"] = id; var properties = new BasicProperties { Headers = headers };"#,
        r#"var headers = new Dictionary<string, object?>(); headers.Add("NAME", id); var properties = new BasicProperties { Headers = headers };"#,
        r#"var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["NAME"] = id } };"#,
        r#"var properties = new BasicProperties(); properties.Headers = new Dictionary<string, object?>(); properties.Headers.Add("NAME", id);"#,
        r#"var properties = new BasicProperties(); properties.Headers ??= new Dictionary<string, object?>(); properties.Headers["NAME"] = id;"#,
        r#"var headers = new Dictionary<string, object?> { ["NAME"] = id }; Propagators.DefaultTextMapPropagator.Inject(new PropagationContext(Activity.Current!.Context, Baggage.Current), headers, static (carrier, key, value) => carrier[key] = value); var properties = new BasicProperties { Headers = headers };"#,
    ];
    told_by_the_header("Depot/Parcels.cs", ("Depot/Depot.csproj", project), frame, &ways);
}

#[test]
fn headers_of_confluent_kafka() {
    let project = r#"<Project Sdk="Microsoft.NET.Sdk.Worker"><ItemGroup><PackageReference Include="Confluent.Kafka" Version="2.11.1" /></ItemGroup></Project>"#;
    let frame = r#"using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Depot;

public sealed record ParcelSent(string ParcelId, long Grams);

public sealed class Parcels(IProducer<string, string> producer)
{
    public async Task PublishAsync(ParcelSent sent, byte[] id)
    {
        var body = JsonSerializer.Serialize(sent);
        HEADERS
        await producer.ProduceAsync("parcels", message);
    }
}
"#;
    let ways = [
        r#"var message = new Message<string, string> { Value = body, Headers = new Headers { { "NAME", id } } };"#,
        r#"var headers = new Headers { new Header("NAME", id) }; var message = new Message<string, string> { Value = body, Headers = headers };"#,
        r#"var headers = new Headers(); headers.Add("NAME", id); var message = new Message<string, string> { Value = body, Headers = headers };"#,
        r#"var message = new Message<string, string> { Value = body }; message.Headers = new Headers(); message.Headers.Add("NAME", id);"#,
    ];
    told_by_the_header("Depot/Parcels.cs", ("Depot/Depot.csproj", project), frame, &ways);
}

#[test]
fn headers_of_amqp091_go() {
    let frame = r#"package main

import (
	"context"
	"encoding/json"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

type ParcelSent struct {
	ParcelID string `json:"parcel_id"`
	Grams    int64  `json:"grams"`
}

func publish(ctx context.Context, ch *amqp.Channel, sent ParcelSent, id string) error {
	body, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	HEADERS
	return ch.PublishWithContext(ctx, "parcels", "parcel.sent", true, false, amqp.Publishing{Headers: headers, Body: body})
}

func main() {
	conn, err := amqp.Dial("amqp://rabbitmq")
	if err != nil {
		panic(err)
	}
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	_ = publish(context.Background(), ch, ParcelSent{ParcelID: "p-1", Grams: 20}, "e-1")
	_ = otel.GetTextMapPropagator()
	_ = propagation.MapCarrier{}
}
"#;
    let ways = [
        r#"headers := amqp.Table{"NAME": id}"#,
        "headers := amqp.Table{}\n\theaders[\"NAME\"] = id",
        "headers := make(amqp.Table)\n\theaders[\"NAME\"] = id",
        "carrier := propagation.MapCarrier{}\n\totel.GetTextMapPropagator().Inject(ctx, carrier)\n\theaders := amqp.Table{\"NAME\": id}\n\tfor key, value := range carrier {\n\t\theaders[key] = value\n\t}",
    ];
    told_by_the_header("depot/main.go", ("depot/go.mod", "module example.com/depot\n\ngo 1.24\n"), frame, &ways);
}

#[test]
fn headers_of_a_kafka_record_in_java() {
    let pom = "<project><modelVersion>4.0.0</modelVersion><groupId>depot</groupId><artifactId>depot</artifactId><version>1</version><dependencies><dependency><groupId>org.springframework.kafka</groupId><artifactId>spring-kafka</artifactId></dependency></dependencies></project>";
    let frame = r#"package depot;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.context.Context;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.stereotype.Service;

@Service
public class Parcels {
    private final KafkaTemplate<String, Object> kafka;
    private final OpenTelemetry telemetry;

    public Parcels(KafkaTemplate<String, Object> kafka, OpenTelemetry telemetry) {
        this.kafka = kafka;
        this.telemetry = telemetry;
    }

    public record ParcelSent(String parcelId, long grams) {}

    public void publish(String parcel, byte[] id) {
        var record = new ProducerRecord<String, Object>("parcels", parcel, new ParcelSent(parcel, 20));
        HEADERS
        kafka.send(record);
    }
}
"#;
    let ways = [
        r#"record.headers().add("NAME", id);"#,
        r#"record.headers().add(new RecordHeader("NAME", id));"#,
        r#"record.headers().add("NAME", id); telemetry.getPropagators().getTextMapPropagator().inject(Context.current(), record.headers(), (headers, key, value) -> headers.add(key, value.getBytes()));"#,
    ];
    told_by_the_header("depot/src/main/java/depot/Parcels.java", ("depot/pom.xml", pom), frame, &ways);
}
