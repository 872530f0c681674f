//! Rows and documents that are stored and published.

use super::*;

#[test]
fn generic_views_of_django_save_what_their_serializer_holds() {
    let view = |fields: &str, body: &str| {
        format!(
            "import json\nimport pika\nfrom django.db import models\nfrom django.forms import model_to_dict\nfrom rest_framework import generics, mixins, serializers\nchannel = pika.BlockingConnection().channel()\nclass Product(models.Model):\n    title = models.CharField()\n    event_version = models.IntegerField()\nclass ProductSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Product\n        fields = {fields}\nclass ProductView(generics.GenericAPIView, mixins.CreateModelMixin):\n    serializer_class = ProductSerializer\n    {body}\n"
        )
    };
    let created = "def post(self, request):\n        response = self.create(request)\n        channel.basic_publish(exchange='', routing_key='q', body=json.dumps(response.data))\n        return response";
    assert_eq!(one("views.py", &view("['id', 'title']", created)), "----");
    assert_eq!(one("views.py", &view("'__all__'", created)), "--dd");
    assert_eq!(dual_lines("views.py", &view("'__all__'", created)), [18]);
    let found = "def get(self, request):\n        product = Product.objects.filter(id=1).first()\n        data = model_to_dict(product)\n        channel.basic_publish(exchange='', routing_key='q', body=json.dumps(data))";
    assert_eq!(one("views.py", &view("'__all__'", found)), "--dd");
    assert_eq!(dual_lines("views.py", &view("'__all__'", found)), [0; 0]);
    let performed = view(
        "'__all__'",
        "def perform_create(self, serializer):\n        serializer.save()\n        channel.basic_publish(exchange='', routing_key='q', body='{}')",
    );
    assert_eq!(dual_lines("views.py", &performed), [18]);
}

#[test]
fn a_command_of_dynamodb_behind_an_interface_is_a_write() {
    let repository = |command: &str| {
        format!(
            "import {{ DynamoDBDocumentClient, PutCommand, GetCommand }} from '@aws-sdk/lib-dynamodb';\nimport type {{ Books }} from './books';\nexport class DynamoBooks implements Books {{\n  constructor(private readonly client: DynamoDBDocumentClient) {{}}\n  async save(book: object): Promise<void> {{ await this.client.send(new {command}({{ TableName: 'books', Item: book }})); }}\n}}\n"
        )
    };
    let files = |repository: &str| {
        dual(&[
            ("books.ts", "export interface Books { save(book: object): Promise<void>; }\n"),
            ("dynamo.ts", repository),
            (
                "usecase.ts",
                "import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';\nimport type { Books } from './books';\nconst bus = new EventBridgeClient({});\nexport class Register {\n  constructor(private readonly books: Books) {}\n  async handle(book: object) {\n    await this.books.save(book);\n    await bus.send(new PutEventsCommand({ Entries: [{ Detail: JSON.stringify(book), DetailType: 'Registered', Source: 'books' }] }));\n  }\n}\n",
            ),
        ])
    };
    assert_eq!(files(&repository("PutCommand")), [("usecase.ts".to_string(), 8)]);
    assert_eq!(files(&repository("GetCommand")), []);
}

#[test]
fn a_document_of_mongoose_holds_what_its_schema_names() {
    let publisher = |schema: &str, document: &str| {
        one(
            "a.ts",
            &format!(
                "import mongoose from 'mongoose';\nimport amqp from 'amqplib';\nconst Order = mongoose.model('Order', new mongoose.Schema({schema}));\nasync function place(req) {{\n  const ch = await (await amqp.connect('x')).createChannel();\n  {document}\n  ch.publish('orders', 'placed', Buffer.from(JSON.stringify(order)));\n}}\nplace(server.request);\n"
            ),
        )
    };
    let created = "const order = await Order.create(req.body);";
    assert_eq!(publisher("{ title: String }", created), "----");
    assert_eq!(publisher("{ title: String, eventVersion: Number }, { timestamps: true }", created), "--d-");
    assert_eq!(publisher("{ title: String }", "const order = new Order(req.body);\n  await order.save();"), "----");
    assert_eq!(publisher("{ title: String }", "const order = await Order.findById(req.id).exec();"), "----");
    assert_eq!(publisher("{ title: String }, { strict: false }", created), "--??");
    assert_eq!(publisher("paths", created), "--??");
    assert_eq!(publisher("{ title: String }", "const order = req.body;"), "--??");
}

#[test]
fn a_key_of_kafka_that_is_made_for_each_message_is_its_id() {
    let publisher = |before: &str, key: &str| {
        one(
            "a.ts",
            &format!(
                "import {{ Kafka }} from 'kafkajs';\nimport {{ randomUUID }} from 'crypto';\nconst producer = new Kafka({{}}).producer();\nexport async function placed(order: {{ id: string; uuid: string }}) {{\n  {before}\n  await producer.send({{ topic: 'orders', messages: [{{ key: {key}, value: JSON.stringify({{ orderId: order.id }}) }}] }});\n}}\n"
            ),
        )
    };
    assert_eq!(publisher("", "randomUUID()"), "dd-+");
    assert_eq!(publisher("const key = randomUUID();", "key"), "dd-+");
    assert_eq!(publisher("", "String(order.id)"), "dd--");
    assert_eq!(publisher("", "order.uuid"), "dd--");
}

#[test]
fn a_list_of_redis_is_a_queue_where_something_pops_it() {
    let facts = |pushed: &str, popped: &str| {
        let push = format!(
            "import json\nfrom redis import Redis\nredis = Redis(host='redis')\ndef vote(choice):\n    redis.rpush('{pushed}', json.dumps({{'vote': choice}}))\n"
        );
        let pop = format!("from redis import Redis\nredis = Redis(host='redis')\nwhile True:\n    print({popped})\n");
        publishing(&[("vote/app.py", &push), ("worker/main.py", &pop)])
            .publishers
            .iter()
            .map(|p| (p.version.is_absent(), p.event_id.is_absent()))
            .collect::<Vec<_>>()
    };
    assert_eq!(facts("votes", "redis.blpop('votes')"), [(true, true)]);
    assert_eq!(facts("votes", "redis.blpop(['votes', 'others'])"), [(true, true)]);
    assert_eq!(facts("votes", "redis.lrange('votes', 0, -1)"), []);
    assert_eq!(facts("seen", "redis.blpop('votes')"), []);
    // A client that is made for each request of Flask.
    let push = "import json\nfrom flask import g\nfrom redis import Redis\ndef client():\n    if not hasattr(g, 'redis'):\n        g.redis = Redis(host='redis')\n    return g.redis\ndef vote(choice):\n    redis = client()\n    redis.rpush('votes', json.dumps({'vote': choice}))\n";
    let pop = "from redis import Redis\nredis = Redis(host='redis')\nwhile True:\n    print(redis.blpop('votes'))\n";
    assert_eq!(publishing(&[("vote/app.py", push), ("worker/main.py", pop)]).publishers.len(), 1);
}

#[test]
fn a_function_that_another_service_is_handed_is_no_call_of_a_method_of_the_same_name() {
    let bus = "import json\nfrom aio_pika import Message, connect\nclass Bus:\n    def __init__(self):\n        self.channel = None\n    async def start(self):\n        self.channel = await (await connect('amqp://x')).channel()\n    async def publish(self, queue, message):\n        await self.channel.default_exchange.publish(Message(body=message.encode()), routing_key=queue)\n";
    let upload = "import json\nfrom .bus import Bus\nclass Media:\n    def __init__(self):\n        self.bus = Bus()\n    async def upload(self, file_id):\n        await self.bus.publish('videos', json.dumps({'file_id': file_id}))\n";
    let other = "import json\nasync def convert(message, publish):\n    await publish('audios', json.dumps(message))\n";
    let found = publishing(&[("media/bus.py", bus), ("media/upload.py", upload), ("convert/main.py", other)]);
    let facts: Vec<(bool, bool)> =
        found.publishers.iter().map(|p| (p.version.is_absent(), p.event_id.is_absent())).collect();
    assert_eq!(facts, [(true, true)]);
}
