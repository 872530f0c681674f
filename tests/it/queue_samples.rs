//! Consumers and publishers of samples that show less than a program needs: no usings, several blocks of one
//! article, names that a reader is to fill in.

use crate::support::{folder, skillcheck_in};

/// The findings about messages and events, as `path:line rule`, in order.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let told = output["findings"].as_array().unwrap().iter().filter_map(|f| {
        let rule = f["rule"].as_str().unwrap();
        let rule = rule.strip_prefix("message-queue/").or_else(|| rule.strip_prefix("event-schema/"))?;
        Some(format!("{}:{} {rule}", f["path"].as_str().unwrap(), f["line"]))
    });
    told.collect()
}

/// A hosted service that takes parcels from a queue, without its usings.
const PARCELS: &str = r#"public class ParcelSubscriber : BackgroundService
{
    private readonly IConnection _connection;
    private readonly IModel _channel;

    public ParcelSubscriber()
    {
        var factory = new ConnectionFactory { HostName = "localhost" };
        _connection = factory.CreateConnection("depot");
        _channel = _connection.CreateModel();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var consumer = new EventingBasicConsumer(_channel);
        consumer.Received += async (sender, args) =>
        {
            var text = Encoding.UTF8.GetString(args.Body.ToArray());
            var parcel = JsonConvert.DeserializeObject<ParcelSent>(text);
            await _depot.Take(parcel);
            _channel.BasicAck(args.DeliveryTag, false);
        };
        _channel.BasicConsume("depot/parcels", false, consumer);
        return Task.CompletedTask;
    }
}
"#;

#[test]
fn csharp_without_usings() {
    assert_eq!(
        found(&[("ParcelSubscriber.cs", PARCELS)]),
        [
            "ParcelSubscriber.cs:23 missing-graceful-shutdown",
            "ParcelSubscriber.cs:23 missing-prefetch",
            "ParcelSubscriber.cs:23 poison-message",
        ]
    );
    // Names of its own are its own.
    let own = "public interface IModel { void BasicConsume(string queue, bool ack, object consumer); }
public interface IConnection { IModel CreateModel(); }
public class ConnectionFactory { public IConnection CreateConnection(string name) => new Own(name); }
";
    assert_eq!(found(&[("ParcelSubscriber.cs", PARCELS), ("Own.cs", own)]), [""; 0]);
}

#[test]
fn an_async_handler_that_nobody_awaits() {
    let rule = |text: &str| {
        let all = found(&[("ParcelSubscriber.cs", text)]);
        all.into_iter().filter(|f| f.contains("poison")).count()
    };
    assert_eq!(rule(PARCELS), 1);
    // The library catches what a plain handler throws.
    let plain = PARCELS.replace("async (sender, args)", "(sender, args)").replace("await _depot", "_depot");
    assert_eq!(rule(&plain), 0);
    let awaited = PARCELS.replace("new EventingBasicConsumer", "new AsyncEventingBasicConsumer");
    assert_eq!(rule(&awaited), 0);
    let caught = PARCELS.replace("var parcel =", "ParcelSent parcel; try { parcel =").replace(
        "(text);",
        "(text); } catch (JsonException) { _channel.BasicReject(args.DeliveryTag, false); return; }",
    );
    assert_eq!(rule(&caught), 0);
}

#[test]
fn a_program_that_waits_for_a_key() {
    let text = r#"using RabbitMQ.Client;
using RabbitMQ.Client.Events;

var factory = new ConnectionFactory { HostName = "localhost" };
using var connection = await factory.CreateConnectionAsync();
using var channel = await connection.CreateChannelAsync();
await channel.QueueDeclareAsync("parcels", arguments: new Dictionary<string, object?> { { "x-dead-letter-exchange", "lost" } });
await channel.BasicQosAsync(0, 1, false);
var consumer = new AsyncEventingBasicConsumer(channel);
consumer.ReceivedAsync += async (_, args) =>
{
    await Task.Delay(args.Body.Length);
    await channel.BasicAckAsync(args.DeliveryTag, false);
};
await channel.BasicConsumeAsync("parcels", false, consumer);
Console.ReadLine();
"#;
    assert_eq!(found(&[("Worker.cs", text)]), ["Worker.cs:15 missing-graceful-shutdown"]);
    let told = text.replace(
        "Console.ReadLine();",
        "using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => channel.Dispose());\nConsole.ReadLine();",
    );
    assert_eq!(found(&[("Worker.cs", &told)]), [""; 0]);
}

#[test]
fn a_loop_that_decodes_outside_of_its_try_in_csharp_and_java() {
    let csharp = |decodes: &str| {
        format!(
            r#"using Confluent.Kafka;
using System.Text.Json;

public class TariffReader : BackgroundService
{{
    protected override async Task ExecuteAsync(CancellationToken stop)
    {{
        using var consumer = new ConsumerBuilder<Ignore, string>(_settings).Build();
        consumer.Subscribe("tariffs");
        while (!stop.IsCancellationRequested)
        {{
            try
            {{
                var taken = consumer.Consume(stop);
                {decodes}
                await _tariffs.Put(tariff);
                consumer.Commit(taken);
            }}
            catch (ConsumeException e)
            {{
                _logger.LogError(e, "not taken");
            }}
        }}
    }}
}}
"#
        )
    };
    let poison = |path: &str, text: &str| {
        let all = found(&[(path, text)]);
        all.into_iter().filter(|f| f.contains("poison")).collect::<Vec<String>>()
    };
    let bare = csharp("var tariff = JsonSerializer.Deserialize<Tariff>(taken.Message.Value);");
    assert_eq!(poison("TariffReader.cs", &bare), ["TariffReader.cs:8 poison-message"]);
    assert_eq!(poison("TariffReader.cs", &bare.replace("ConsumeException", "Exception")), [""; 0]);
    let java = |caught: &str| {
        format!(
            r#"package tariffs;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;

class TariffReader {{
    private final ObjectMapper mapper = new ObjectMapper();

    void run(Properties settings) throws Exception {{
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings);
        consumer.subscribe(List.of("tariffs"));
        while (true) {{
            for (ConsumerRecord<String, String> taken : consumer.poll(Duration.ofMillis(200))) {{
                try {{
                    put(mapper.readValue(taken.value(), Tariff.class));
                }} catch ({caught} e) {{
                    return;
                }}
            }}
        }}
    }}
}}
"#
        )
    };
    assert_eq!(poison("TariffReader.java", &java("WakeupException")), ["TariffReader.java:15 poison-message"]);
    assert_eq!(poison("TariffReader.java", &java("Exception")), [""; 0]);
}

#[test]
fn python_that_leaves_imports_and_addresses_out() {
    let text = r#"from confluent_kafka import Consumer

consumer = Consumer({"bootstrap.servers": "...", "group.id": "meters", "enable.auto.commit": False})
consumer.subscribe(["readings"])

while True:
    msg = consumer.poll(1.0)
    if msg is None or msg.error():
        continue
    reading = json.loads(msg.value())
    store(reading)
    consumer.commit(msg)
"#;
    assert_eq!(
        found(&[("meters.py", text)]),
        ["meters.py:3 missing-dead-letter", "meters.py:3 missing-graceful-shutdown", "meters.py:3 poison-message",]
    );
}

#[test]
fn blocks_of_one_sample_use_what_the_others_declare() {
    let connect = r#"import pika

connection = pika.BlockingConnection(pika.ConnectionParameters("localhost"))
channel = connection.channel()
channel.queue_declare(queue="readings", durable=True)
"#;
    let send = r#"def send(reading):
    channel.basic_publish(exchange="", routing_key="readings", body=reading)
"#;
    let told = found(&[("connect.py", connect), ("send.py", send)]);
    assert_eq!(told, ["send.py:2 transient-message", "send.py:2 unconfirmed-publish"]);
    let confirmed = connect.replace("channel.queue_declare", "channel.confirm_delivery()\nchannel.queue_declare");
    let told = found(&[("connect.py", &confirmed), ("send.py", send)]);
    assert_eq!(told, ["send.py:2 transient-message", "send.py:2 unroutable-message"]);
}

#[test]
fn a_confirm_callback_that_only_logs() {
    let configuration = |callback: &str| {
        format!(
            r#"import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitTemplate;

@Configuration
public class Messaging {{
    @Bean
    public RabbitTemplate rabbitTemplate(ConnectionFactory connections) {{
        var template = new RabbitTemplate(connections);
        template.setConfirmCallback((data, ack, cause) -> {{
            if (!ack) {callback};
        }});
        return template;
    }}
}}
"#
        )
    };
    let publisher = r#"import org.springframework.amqp.rabbit.core.RabbitTemplate;

@Service
public class ReadingPublisher {
    private final RabbitTemplate template;

    public void publish(ReadingTaken reading) {
        template.convertAndSend("readings", "reading.taken", reading);
    }
}
"#;
    let told = |callback: &str| {
        let files = [("ReadingPublisher.java", publisher), ("Messaging.java", &configuration(callback))];
        let all = found(&files);
        all.into_iter().filter(|f| f.contains("swallowed")).collect::<Vec<String>>()
    };
    assert_eq!(told(r#"log.error("not taken: {}", cause)"#), ["ReadingPublisher.java:8 swallowed-publish-failure"]);
    assert_eq!(told("outbox.again(data.getId())"), [""; 0]);
}

#[test]
fn an_envelope_that_the_sample_does_not_show() {
    let publisher = |ty: &str| {
        format!(
            r#"import amqp from "amqplib";

class ReadingBus {{
  private channel: amqp.ConfirmChannel;

  async connect(url: string): Promise<void> {{
    this.channel = await (await amqp.connect(url)).createConfirmChannel();
  }}

  async tell(event: {ty}): Promise<void> {{
    this.channel.publish("readings", "reading.taken", Buffer.from(JSON.stringify(event)), {{ persistent: true }});
    await this.channel.waitForConfirms();
  }}
}}
"#
        )
    };
    let told = |ty: &str| {
        let all = found(&[("bus.ts", &publisher(ty))]);
        all.into_iter().filter(|f| f.contains("event")).collect::<Vec<String>>()
    };
    assert_eq!(told("ReadingEnvelope"), [""; 0]);
    assert_eq!(told("object"), ["bus.ts:11 missing-event-id", "bus.ts:11 unversioned-event"]);
}

#[test]
fn a_transaction_that_is_committed_has_what_was_sent() {
    let publisher = |last: &str| {
        format!(
            r#"import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

class Totals {{
    void put(KafkaProducer<String, String> producer, String key, String total) {{
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("totals", key, total));
        producer.{last}();
    }}
}}
"#
        )
    };
    let told = |last: &str| {
        let all = found(&[("Totals.java", &publisher(last))]);
        all.into_iter().filter(|f| f.contains("unconfirmed")).collect::<Vec<String>>()
    };
    assert_eq!(told("commitTransaction"), [""; 0]);
    assert_eq!(told("close"), ["Totals.java:7 unconfirmed-publish"]);
}

#[test]
fn what_a_sensor_measures_is_no_event() {
    let publisher = |topic: &str| {
        format!(
            r#"const mqtt = require("mqtt");
const client = mqtt.connect(process.env.MQTT_URL);

function tell(depot) {{
  client.publish("{topic}", JSON.stringify({{ value: depot.value }}), {{ qos: 1 }});
}}
"#
        )
    };
    let told = |topic: &str| {
        let all = found(&[("send.js", &publisher(topic))]);
        all.into_iter().filter(|f| f.contains("event")).count()
    };
    assert_eq!(told("depot/sensors/7/temperature"), 0);
    assert_eq!(told("depot/parcels/sent"), 2);
}
