//! Libraries of the catalog, each by what a user sees: a snippet that goes wrong with it and one that
//! is right.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule in one file, as `line: message`.
fn found(rule: &str, path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{}: {}", finding["line"], finding["message"].as_str().unwrap())).collect()
}

#[test]
fn events_of_event_hubs() {
    let text = |send: &str| {
        format!(
            "using Azure.Messaging.EventHubs;\nusing Azure.Messaging.EventHubs.Producer;\npublic class Bus(EventHubProducerClient producer)\n{{\n    public async Task Placed(string body)\n    {{\n        var batch = await producer.CreateBatchAsync();\n        batch.TryAdd(new EventData(body));\n        {send}producer.SendAsync(batch);\n    }}\n}}\n"
        )
    };
    let wrong = found("message-queue/unconfirmed-publish", "Bus.cs", &text("_ = "));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(found("message-queue/unconfirmed-publish", "Bus.cs", &text("await ")), [""; 0]);
}

#[test]
fn urllib() {
    let call = |arguments: &str| {
        format!("from urllib.request import urlopen\n\nurlopen(\"https://stock/items\"{arguments})\n")
    };
    assert_eq!(
        found("rest-client/missing-timeout", "stock.py", &call("")),
        ["3: No timeout on a request to `https://stock/items`: urlopen waits for ever unless it has a `timeout`"]
    );
    assert_eq!(found("rest-client/missing-timeout", "stock.py", &call(", timeout=2")), [""; 0]);
}

#[test]
fn ofetch() {
    let client = |options: &str| {
        format!(
            "import {{ ofetch }} from \"ofetch\";\nconst stock = ofetch.create({{ baseURL: process.env.STOCK{options} }});\nstock(\"/items\");\n"
        )
    };
    let wrong = found("rest-client/missing-timeout", "stock.ts", &client(""));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("2: No timeout on the ofetch client"), "{wrong:?}");
    assert_eq!(found("rest-client/missing-timeout", "stock.ts", &client(", timeout: 2000")), [""; 0]);
}

#[test]
fn stamina() {
    let call = |decorator: &str| {
        format!(
            "import httpx\nimport stamina\n\n\n{decorator}\ndef stock():\n    return httpx.get(\"https://stock/items\", timeout=2)\n"
        )
    };
    assert_eq!(found("rest-client/missing-retry", "stock.py", &call("")).len(), 1);
    let retried = call("@stamina.retry(on=httpx.TransportError, attempts=3)");
    for rule in ["rest-client/missing-retry", "rest-client/unbounded-retry", "rest-client/retry-without-backoff"] {
        assert_eq!(found(rule, "stock.py", &retried), [""; 0], "{rule}");
    }
}

#[test]
fn dramatiq() {
    let actor = |work: &str| {
        format!(
            "import dramatiq\nimport psycopg\n\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\n\n@dramatiq.actor\ndef book(amount, order_id):\n    connection.execute(\"{work}\")\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let wrong = found(rule, "worker.py", &actor("UPDATE accounts SET balance = balance + 1"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(found(rule, "worker.py", &actor("UPDATE accounts SET balance = 1")), [""; 0]);
}

#[test]
fn faust() {
    let agent = |work: &str| {
        format!(
            "import faust\nimport psycopg\n\napp = faust.App(\"orders\")\nplaced = app.topic(\"placed\")\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\n\n@app.agent(placed)\nasync def book(events):\n    async for event in events:\n        connection.execute(\"{work}\")\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let wrong = found(rule, "worker.py", &agent("UPDATE accounts SET balance = balance + 1"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(found(rule, "worker.py", &agent("UPDATE accounts SET balance = 1")), [""; 0]);
}

#[test]
fn kombu_consumers_of_a_mixin() {
    let worker = |arguments: &str| {
        format!(
            "from kombu import Connection, Exchange, Queue\nfrom kombu.mixins import ConsumerMixin\n\nqueue = Queue(\"orders\", Exchange(\"orders\"){arguments})\n\n\nclass Worker(ConsumerMixin):\n    def __init__(self, connection):\n        self.connection = connection\n\n    def get_consumers(self, Consumer, channel):\n        return [Consumer(queues=[queue], callbacks=[self.on_order])]\n\n    def on_order(self, body, message):\n        ship(body)\n        message.ack()\n"
        )
    };
    let rule = "message-queue/missing-dead-letter";
    assert_eq!(found(rule, "worker.py", &worker("")).len(), 1);
    assert_eq!(found(rule, "worker.py", &worker(", queue_arguments={\"x-dead-letter-exchange\": \"dead\"}")), [""; 0]);
}

/// The lines of a finding of a rule in one file.
fn lines(rule: &str, path: &str, text: &str) -> Vec<String> {
    found(rule, path, text).iter().map(|told| told.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn azure_service_bus() {
    let python = |body: &str| {
        format!(
            "import json\nfrom azure.servicebus import ServiceBusClient, ServiceBusMessage\n\nclient = ServiceBusClient.from_connection_string(\"x\")\nsender = client.get_queue_sender(queue_name=\"orders\")\n\n\ndef placed(order):\n    sender.send_messages(ServiceBusMessage(json.dumps({{{body}}})))\n"
        )
    };
    let rule = "event-schema/missing-event-id";
    assert_eq!(lines(rule, "orders.py", &python("\"order\": 1")), ["9"]);
    assert_eq!(lines(rule, "orders.py", &python("\"event_id\": str(order), \"order\": 1")), [""; 0]);

    let receive = |mode: &str| {
        format!(
            "import psycopg\nfrom azure.servicebus import ServiceBusClient, ServiceBusReceiveMode\n\nclient = ServiceBusClient.from_connection_string(\"x\")\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\nwith client.get_queue_receiver(queue_name=\"orders\"{mode}) as receiver:\n    for message in receiver:\n        connection.execute(\"UPDATE accounts SET balance = balance + 1\")\n        receiver.complete_message(message)\n"
        )
    };
    let early = "message-queue/early-acknowledgement";
    let at_once = ", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE";
    assert_eq!(lines(early, "worker.py", &receive(at_once)), ["7"]);
    assert_eq!(lines(early, "worker.py", &receive("")), [""; 0]);
    assert_eq!(lines("message-queue/missing-dead-letter", "worker.py", &receive("")), [""; 0]);
    assert_eq!(lines("message-queue/non-idempotent-consumer", "worker.py", &receive("")), ["7"]);

    let node = |body: &str| {
        format!(
            "import {{ ServiceBusClient }} from \"@azure/service-bus\";\nconst client = new ServiceBusClient(process.env.BUS);\nconst sender = client.createSender(\"orders\");\nexport async function placed(order) {{\n  await sender.sendMessages({{ body: {{ {body} }} }});\n}}\n"
        )
    };
    assert_eq!(lines(rule, "orders.ts", &node("order: 1")), ["5"]);
    assert_eq!(lines(rule, "orders.ts", &node("eventId: order.id, order: 1")), [""; 0]);
}

#[test]
fn processors_of_azure_service_bus_in_csharp() {
    let consumer = |set: &str| {
        format!(
            "using Azure.Messaging.ServiceBus;\nusing Microsoft.EntityFrameworkCore;\npublic class Stock {{ public int Id {{ get; set; }} public int Count {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Stock> Stocks {{ get; set; }} }}\npublic class Consumer\n{{\n    private readonly ServiceBusProcessor _placed;\n    private readonly ServiceBusProcessor _paid;\n    private readonly Db _db;\n    public Consumer(ServiceBusClient client, Db db)\n    {{\n        _db = db;\n        _placed = client.CreateProcessor(\"placed\");\n        _paid = client.CreateProcessor(\"paid\");\n    }}\n    public void Start()\n    {{\n        _placed.ProcessMessageAsync += OnPlaced;\n        _paid.ProcessMessageAsync += OnPaid;\n    }}\n    private async Task OnPlaced(ProcessMessageEventArgs args)\n    {{\n        var stock = await _db.Stocks.FirstAsync(s => s.Id == 1);\n        {set}\n        await _db.SaveChangesAsync();\n    }}\n    private async Task OnPaid(ProcessMessageEventArgs args)\n    {{\n        await args.CompleteMessageAsync(args.Message);\n    }}\n}}\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    assert_eq!(lines(rule, "Consumer.cs", &consumer("stock.Count -= 1;")), ["13"]);
    assert_eq!(lines(rule, "Consumer.cs", &consumer("stock.Count = 1;")), [""; 0]);
    assert_eq!(lines("message-queue/missing-dead-letter", "Consumer.cs", &consumer("stock.Count = 1;")), [""; 0]);
}

#[test]
fn google_pubsub() {
    let python = |rest: &str| {
        format!(
            "import json\nfrom google.cloud import pubsub_v1\n\npublisher = pubsub_v1.PublisherClient()\n\n\ndef placed(order):\n    publisher.publish(\"orders\", json.dumps({{\"order\": 1}}).encode(){rest}\n"
        )
    };
    let confirm = "message-queue/unconfirmed-publish";
    assert_eq!(lines(confirm, "orders.py", &python(")")), ["8"]);
    assert_eq!(lines(confirm, "orders.py", &python(").result(timeout=10)")), [""; 0]);
    let rule = "event-schema/missing-event-id";
    assert_eq!(lines(rule, "orders.py", &python(").result()")), ["8"]);
    assert_eq!(lines(rule, "orders.py", &python(", event_id=order).result()")), [""; 0]);

    let subscriber = |body: &str| {
        format!(
            "import psycopg\nfrom google.cloud import pubsub_v1\n\nconnection = psycopg.connect(\"postgresql://db/orders\")\nsubscriber = pubsub_v1.SubscriberClient()\n\n\ndef booked(message):\n{body}\n\nsubscriber.subscribe(\"orders-sub\", callback=booked).result()\n"
        )
    };
    let early = "message-queue/early-acknowledgement";
    let work = "    connection.execute(\"UPDATE accounts SET balance = 1\")";
    assert_eq!(lines(early, "worker.py", &subscriber(&format!("    message.ack()\n{work}"))), ["12"]);
    assert_eq!(lines(early, "worker.py", &subscriber(&format!("{work}\n    message.ack()"))), [""; 0]);

    let node = |call: &str| {
        format!(
            "import {{ PubSub }} from \"@google-cloud/pubsub\";\nconst pubsub = new PubSub();\nexport async function placed(order) {{\n  {call}pubsub.topic(\"orders\").publishMessage({{ json: {{ order: 1 }} }});\n}}\n"
        )
    };
    assert_eq!(lines(confirm, "orders.ts", &node("")), ["4"]);
    assert_eq!(lines(confirm, "orders.ts", &node("await ")), [""; 0]);
}

#[test]
fn the_older_aws_sdk() {
    let publish = |body: &str| {
        format!(
            "const AWS = require(\"aws-sdk\");\nconst sqs = new AWS.SQS();\n\nmodule.exports.placed = async (order) => {{\n  await sqs.sendMessage({{ QueueUrl: process.env.QUEUE, MessageBody: JSON.stringify({{ {body} }}) }}).promise();\n}};\n"
        )
    };
    let rule = "event-schema/missing-event-id";
    assert_eq!(lines(rule, "orders.js", &publish("order: 1")), ["5"]);
    assert_eq!(lines(rule, "orders.js", &publish("eventId: order.id, order: 1")), [""; 0]);
}

#[test]
fn sqs_in_csharp() {
    let publish = |body: &str| {
        format!(
            "using System.Text.Json;\nusing Amazon.SQS;\nusing Amazon.SQS.Model;\npublic class Bus(IAmazonSQS sqs)\n{{\n    public async Task Placed(string id)\n    {{\n        var body = JsonSerializer.Serialize(new {{ {body} }});\n        await sqs.SendMessageAsync(new SendMessageRequest {{ QueueUrl = \"orders\", MessageBody = body }});\n    }}\n}}\n"
        )
    };
    let rule = "event-schema/missing-event-id";
    assert_eq!(lines(rule, "Bus.cs", &publish("Order = 1")), ["9"]);
    assert_eq!(lines(rule, "Bus.cs", &publish("EventId = id, Order = 1")), [""; 0]);
}

#[test]
fn messages_of_generated_python_modules() {
    let publish = |fields: &str| {
        format!(
            "from aiokafka import AIOKafkaProducer\nimport orders_pb2\n\nproducer = AIOKafkaProducer(bootstrap_servers=\"kafka\")\n\n\nasync def placed(order):\n    event = orders_pb2.OrderPlaced({fields})\n    data = event.SerializeToString()\n    await producer.send_and_wait(\"orders\", data)\n"
        )
    };
    for rule in ["event-schema/missing-event-id", "event-schema/unversioned-event"] {
        assert_eq!(lines(rule, "orders.py", &publish("order=1")), ["10"], "{rule}");
        assert_eq!(lines(rule, "orders.py", &publish("event_id=order, version=1")), [""; 0], "{rule}");
        assert_eq!(lines(rule, "orders.py", &publish("**order")), [""; 0], "{rule}");
    }
}

#[test]
fn sqlite_in_the_process() {
    let place = |statement: &str| {
        format!(
            "import Database from \"better-sqlite3\";\nimport {{ SNSClient, PublishCommand }} from \"@aws-sdk/client-sns\";\n\nconst database = new Database(\"orders.db\");\nconst sns = new SNSClient({{}});\n\nexport async function place(order: Order) {{\n  database.prepare(\"{statement}\").run(order.id);\n  await sns.send(new PublishCommand({{ TopicArn: \"x\", Message: \"{{}}\" }}));\n}}\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(lines(rule, "orders.ts", &place("INSERT INTO orders VALUES (?)")), ["9"]);
    assert_eq!(lines(rule, "orders.ts", &place("SELECT * FROM orders WHERE id = ?")), [""; 0]);
}

#[test]
fn serializers_of_django_rest_framework() {
    let create = |save: &str| {
        format!(
            "import json\nimport pika\nfrom rest_framework import serializers, viewsets\n\nchannel = pika.BlockingConnection().channel()\n\n\nclass ProductSerializer(serializers.ModelSerializer):\n    class Meta:\n        fields = \"__all__\"\n\n\nclass ProductViewSet(viewsets.ViewSet):\n    def create(self, request):\n        serializer = ProductSerializer(data=request.data)\n        serializer.is_valid(raise_exception=True)\n{save}        channel.basic_publish(exchange=\"\", routing_key=\"main\", body=json.dumps(serializer.data))\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(lines(rule, "views.py", &create("        serializer.save()\n")), ["18"]);
    assert_eq!(lines(rule, "views.py", &create("")), [""; 0]);
}

#[test]
fn loops_that_are_started_side_by_side() {
    let main = |start: &str| {
        format!(
            "import asyncio\nimport psycopg\nfrom aiokafka import AIOKafkaProducer\n\nproducer = AIOKafkaProducer(bootstrap_servers=\"kafka\")\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\n\nasync def stores():\n    connection.execute(\"INSERT INTO orders VALUES (1)\")\n\n\nasync def tells():\n    await producer.send_and_wait(\"orders\", b\"\")\n\n\nasync def main():\n    {start}(stores())\n    {start}(tells())\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(lines(rule, "main.py", &main("asyncio.create_task")), [""; 0]);
    assert_eq!(lines(rule, "main.py", &main("await ")), ["19"]);
}

#[test]
fn a_number_that_django_reads_and_writes_back() {
    let worker = |set: &str| {
        format!(
            "import json\nimport pika\nfrom django.db import models\n\nchannel = pika.BlockingConnection().channel()\n\n\nclass Product(models.Model):\n    likes = models.PositiveIntegerField(default=0)\n\n\ndef liked(ch, method, properties, body):\n    product = Product.objects.get(id=json.loads(body))\n    product.likes = {set}\n    product.save()\n    ch.basic_ack(method.delivery_tag)\n\n\nchannel.basic_consume(queue=\"likes\", on_message_callback=liked)\nchannel.start_consuming()\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    assert_eq!(lines(rule, "worker.py", &worker("product.likes + 1")), ["19"]);
    assert_eq!(lines(rule, "worker.py", &worker("3")), [""; 0]);
}

#[test]
fn files_in_a_database_of_documents() {
    let text = |call: &str| {
        format!(
            "import gridfs\nimport pika\nfrom flask import Flask\nfrom flask_pymongo import PyMongo\n\napp = Flask(__name__)\nmongo = PyMongo(app, uri=\"mongodb://db:27017/films\")\nfiles = gridfs.GridFS(mongo.db)\nchannel = pika.BlockingConnection().channel()\n\n\ndef upload(film):\n    {call}\n    channel.basic_publish(exchange=\"\", routing_key=\"films\", body=b\"\")\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(lines(rule, "films.py", &text("files.put(film)")), ["14"]);
    assert_eq!(lines(rule, "films.py", &text("files.get(film)")), [""; 0]);
}

#[test]
fn what_a_decorated_handler_returns_is_published() {
    let text = |field: &str| {
        format!(
            "from faststream.rabbit import RabbitBroker\nfrom pydantic import BaseModel\n\nbroker = RabbitBroker(\"amqp://rabbitmq\")\naudit = broker.publisher(\"audit\", persist=True)\n\n\nclass Accepted(BaseModel):\n    order_id: int\n{field}\n\n@broker.subscriber(\"orders\")\n@broker.publisher(\"accepted\", persist=True)\nasync def accept(order: dict) -> Accepted:\n    return await check(order)\n\n\n@audit\n@broker.subscriber(\"payments\")\nasync def keep(payment: Accepted):\n    return {{\"order_id\": payment.order_id}}\n"
        )
    };
    let rule = "event-schema/unversioned-event";
    assert_eq!(lines(rule, "shop.py", &text("")), ["5", "13"]);
    assert_eq!(lines(rule, "shop.py", &text("    schema_version: int = 1\n")), ["5"]);
    // A publisher that decorates nothing publishes nothing by itself.
    let unused = "from faststream.rabbit import RabbitBroker\n\nbroker = RabbitBroker(\"amqp://rabbitmq\")\naudit = broker.publisher(\"audit\")\n";
    assert_eq!(lines(rule, "shop.py", unused), [""; 0]);
}

#[test]
fn messages_of_amqpstorm_publish_themselves() {
    let text = |properties: &str| {
        format!(
            "import json\nimport amqpstorm\n\nchannel = amqpstorm.Connection(\"rabbitmq\", \"shop\", \"shop\").channel()\n\n\ndef place(order):\n    message = amqpstorm.Message.create(channel, json.dumps({{\"order_id\": order.id}}), {{{properties}}})\n    message.publish(\"placed\", exchange=\"orders\")\n"
        )
    };
    let both = |rule: &str| {
        ["\"content_type\": \"application/json\"", "\"message_id\": str(uuid.uuid4()), \"delivery_mode\": 2"]
            .map(|properties| lines(rule, "orders.py", &text(properties)))
    };
    assert_eq!(both("event-schema/missing-event-id"), [vec!["9".to_owned()], Vec::new()]);
    assert_eq!(both("message-queue/transient-message"), [vec!["9".to_owned()], Vec::new()]);
}

#[test]
fn what_goes_through_a_channel_of_redis_that_nobody_names_is_not_known() {
    let text = |channel: &str| {
        format!(
            "import json\nimport redis\n\nclient = redis.Redis(host=\"redis\")\n\n\nclass Bus:\n    def publish(self, channel: str, event: dict) -> None:\n        client.publish({channel}, json.dumps(event))\n"
        )
    };
    let rule = "event-schema/unversioned-event";
    assert_eq!(lines(rule, "bus.py", &text("channel")), [""; 0]);
    assert_eq!(lines(rule, "bus.py", &text("\"orders\"")), ["9"]);
}

#[test]
fn the_address_of_the_broker_is_no_queue() {
    let text = "import pika\n\n\nclass Client:\n    def setup(self, host, exchange):\n        self.url = f\"amqp://{host}\"\n        self.exchange = exchange\n\n    def listen(self):\n        self.connection = pika.BlockingConnection(pika.URLParameters(self.url))\n        self.channel = self.connection.channel()\n        queue = self.channel.queue_declare(queue=\"\", exclusive=True)\n        self.channel.queue_bind(exchange=self.exchange, queue=queue.method.queue)\n        self.channel.basic_consume(queue=queue.method.queue, on_message_callback=self.handle)\n        self.channel.start_consuming()\n\n    def handle(self, channel, method, properties, body):\n        print(body)\n        channel.basic_ack(method.delivery_tag)\n";
    assert_eq!(found("message-queue/missing-prefetch", "client.py", text), ["14: no limit on the messages in flight"]);
}
