//! Consumers, sagas and clients of samples that nothing stops, nothing bounds, or whose making is not shown.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule, as `path:line`, in order.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap().iter();
    findings.map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_loop_that_nothing_ends_is_not_stopped() {
    let rule = "message-queue/missing-graceful-shutdown";
    let worker = |head: &str, tail: &str| {
        format!(
            r#"import json

import boto3

sqs = boto3.client("sqs")


def take_parcels():
    while {head}:
        answer = sqs.receive_message(QueueUrl=QUEUE, WaitTimeSeconds=20)
        for message in answer.get("Messages", []):
            weigh(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])
{tail}
"#
        )
    };
    let loops = |head: &str, tail: &str| found(rule, &[("parcels.py", &worker(head, tail))]);
    assert_eq!(loops("True", ""), ["parcels.py:10"]);
    // Something else may end it.
    assert_eq!(loops("open_for_work()", ""), NONE);
    assert_eq!(loops("True", "        if not answer:\n            break"), NONE);
    assert_eq!(loops("True", "\n\ndef stop():\n    raise SystemExit"), NONE);
}

#[test]
fn an_iterator_ends_by_what_its_context_raises_again() {
    let worker = |open: &str, shut: &str| {
        format!(
            r#"import json

import aio_pika


async def take_parcels():
    connection = await aio_pika.connect_robust(URL)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=5)
    queue = await channel.declare_queue("parcels", arguments={{"x-dead-letter-exchange": "dead"}})
    async with queue.iterator() as messages:
        async for message in messages:
            {open}
            async with message.process(requeue=False):
                await weigh(json.loads(message.body))
            {shut}
"#
        )
    };
    let poison = "message-queue/poison-message";
    assert_eq!(found(poison, &[("parcels.py", &worker("", ""))]), ["parcels.py:11"]);
    let caught = worker("try:", "except ValueError:\n                print('rejected')")
        .replace("            async with message", "                async with message")
        .replace("                await weigh", "                    await weigh");
    assert_eq!(found(poison, &[("parcels.py", &caught)]), NONE);
    // A callback's error goes to the library.
    let callback = worker("", "")
        .replace("    async with queue.iterator() as messages:\n", "")
        .replace("        async for message in messages:", "    async def handle(message):\n        if True:")
        + "    await queue.consume(handle)\n";
    assert_eq!(found(poison, &[("parcels.py", &callback)]), NONE);
    // The message is rejected, and the loop is begun again.
    let again = worker("", "")
        + "\nasync def main():\n    while True:\n        try:\n            await take_parcels()\n        except Exception:\n            await pause()\n";
    assert_eq!(found(poison, &[("parcels.py", &again)]), NONE);
}

#[test]
fn blocks_of_a_sample_share_an_object_that_none_makes() {
    let topology = "await channel.assertQueue('parcels', { durable: true });\n";
    let publisher = "async function tell(parcel: Parcel): Promise<void> {\n  channel.publish('depot', 'parcel.weighed', Buffer.from(JSON.stringify(parcel)), { persistent: true });\n}\n";
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(found(rule, &[("publisher.ts", publisher), ("topology.ts", topology)]), ["publisher.ts:2"]);
    assert_eq!(found(rule, &[("publisher.ts", publisher)]), NONE);
    // A name of its own is another object.
    let own = format!("const channel = radio.tune();\n{publisher}");
    assert_eq!(found(rule, &[("publisher.ts", &own), ("topology.ts", topology)]), NONE);
    let elsewhere = [("a/publisher.ts", publisher), ("b/topology.ts", topology)];
    assert_eq!(found(rule, &elsewhere), NONE);
}

#[test]
fn a_set_in_memory_is_all_that_keeps_a_charge_from_being_made_twice() {
    let worker = |guard: &str| {
        format!(
            r#"import {{ Kafka }} from "kafkajs";

const consumer = new Kafka({{ clientId: "tolls", brokers: [process.env.BROKER!] }}).consumer({{ groupId: "tolls" }});
const seen = new Set<string>();

await consumer.run({{
  eachMessage: async ({{ message }}) => {{
    const toll = JSON.parse(message.value!.toString());
    {guard}
    await cashier.take(toll.plate, toll.cents);
    seen.add(toll.id);
  }},
}});
"#
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let told = found(rule, &[("tolls.ts", &worker("if (seen.has(toll.id)) return;"))]);
    assert_eq!(told, ["tolls.ts:6"]);
    // What an object that is not shown does twice is not known.
    assert_eq!(found(rule, &[("tolls.ts", &worker(""))]), NONE);
}

#[test]
fn a_session_that_is_rolled_back_keeps_nothing_of_a_failed_compensation() {
    let saga = |caught: &str| {
        format!(
            r#"class OrderSaga:
    def __init__(self, db, stock, bank):
        self.db = db
        self.stock = stock
        self.bank = bank
        self.done = []

    def run(self, order):
        try:
            for step in self.steps(order):
                self.done.append(step)
                step.execute()
        except Exception:
            self.undo()
            raise

    def undo(self):
        for step in reversed(self.done):
            try:
                step.compensate()
            except Exception as error:
                {caught}
                logger.error("not undone: %s", error)
"#
        )
    };
    let rule = "saga/swallowed-compensation-failure";
    assert_eq!(found(rule, &[("saga.py", &saga("self.db.rollback()"))]), ["saga.py:21"]);
    assert_eq!(found(rule, &[("saga.py", &saga("self.db.save(step.name, 'failed')"))]), NONE);
}

#[test]
fn a_context_of_go_without_a_deadline_is_followed_to_where_it_is_made() {
    let saga = |made: &str| {
        format!(
            r#"package trip

import "context"

type Step struct {{
	Name       string
	Execute    func(ctx context.Context, trip string) error
	Compensate func(ctx context.Context, trip string) error
}}

type Saga struct {{
	steps []Step
}}

func (s *Saga) Start(trip string) {{
	{made}
	go s.run(ctx, trip)
}}

func (s *Saga) run(ctx context.Context, trip string) error {{
	done := []Step{{}}
	for _, step := range s.steps {{
		done = append(done, step)
		if err := step.Execute(ctx, trip); err != nil {{
			for i := len(done) - 1; i >= 0; i-- {{
				if err := done[i].Compensate(ctx, trip); err != nil {{
					return err
				}}
			}}
			return err
		}}
	}}
	return nil
}}
"#
        )
    };
    let rule = "saga/missing-step-timeout";
    let background = saga("").replace("s.run(ctx, trip)\n}", "s.run(context.Background(), trip)\n}");
    assert_eq!(found(rule, &[("saga.go", &background)]), ["saga.go:24"]);
    assert_eq!(found(rule, &[("saga.go", &saga("ctx := deadlines.Of(trip)"))]), NONE);
}

#[test]
fn what_undoes_is_told_to_begin_below_the_step_that_failed() {
    let saga = |from: &str| {
        format!(
            r#"export class TripSaga {{
  constructor(private readonly repository: Repository<Trip>) {{}}

  async run(trip: Trip, steps: Step[]): Promise<void> {{
    for (let i = 0; i < steps.length; i++) {{
      const step = steps[i];
      try {{
        await this.attempt(step, trip);
      }} catch (error) {{
        await this.undo(trip, steps, {from});
        throw error;
      }}
    }}
  }}

  private async attempt(step: Step, trip: Trip): Promise<void> {{
    await step.execute(trip);
  }}

  private async undo(trip: Trip, steps: Step[], from: number): Promise<void> {{
    for (let i = from; i >= 0; i--) {{
      let undone = false;
      while (!undone) {{
        try {{
          await steps[i].compensate(trip);
          undone = true;
        }} catch (error) {{
          await this.repository.save({{ ...trip, failed: steps[i].name }});
        }}
      }}
    }}
  }}
}}
"#
        )
    };
    let rule = "saga/uncompensated-failing-step";
    assert_eq!(found(rule, &[("trip.ts", &saga("i - 1"))]), ["trip.ts:10"]);
    assert_eq!(found(rule, &[("trip.ts", &saga("i"))]), NONE);
}

#[test]
fn headers_that_a_caller_may_add_are_those_of_each_caller() {
    let client = |given: &str| {
        format!(
            r#"import httpx


class Cashier:
    async def _request(self, method, path, data=None, headers=None):
        all_headers = {{"Content-Type": "application/json"}}
        if headers:
            all_headers.update(headers)
        async with httpx.AsyncClient(timeout=3) as client:
            return await client.request(method=method, url=f"{{BASE}}{{path}}", json=data, headers=all_headers)

    async def charge(self, toll):
        return await self._request("POST", "/v2/charges", toll{given})
"#
        )
    };
    let rule = "rest-client/missing-idempotency-key";
    assert_eq!(found(rule, &[("cashier.py", &client(""))]), ["cashier.py:13"]);
    let keyed = ", headers={\"Idempotency-Key\": toll.id}";
    assert_eq!(found(rule, &[("cashier.py", &client(keyed))]), NONE);
    assert_eq!(found(rule, &[("cashier.py", &client(", headers=toll.headers"))]), NONE);
}

#[test]
fn an_answer_that_is_the_same_whatever_happened() {
    let controller = |caught: &str| {
        format!(
            r#"using Microsoft.AspNetCore.Mvc;

[ApiController]
public class TollsController : ControllerBase
{{
    private readonly HttpClient _client;

    public TollsController(HttpClient client) {{ _client = client; }}

    [HttpGet("tolls")]
    public async Task<ActionResult> Tolls()
    {{
        try
        {{
            return Ok(await _client.GetStringAsync("/tolls"));
        }}
        catch (Exception e)
        {{
            {caught}
        }}
    }}
}}
"#
        )
    };
    let rule = "rest-client/lost-error";
    let lost = controller("return StatusCode(503, \"Unavailable\");");
    assert_eq!(found(rule, &[("TollsController.cs", &lost)]), ["TollsController.cs:17"]);
    let told = controller("return StatusCode(503, e.Message);");
    assert_eq!(found(rule, &[("TollsController.cs", &told)]), NONE);
}

#[test]
fn compensations_through_a_generated_client_that_only_log() {
    let saga = |caught: &str| {
        format!(
            r#"using Grpc.Net.Client;

public class TripSaga
{{
    private readonly GrpcChannel _vans;
    private readonly GrpcChannel _drivers;

    public async Task<bool> Run(Trip trip)
    {{
        if (!await BookVan(trip)) {{ await Compensate(trip); return false; }}
        if (!await BookDriver(trip)) {{ await Compensate(trip); return false; }}
        return true;
    }}

    private async Task<bool> BookVan(Trip trip)
    {{
        var client = new Vans.VansClient(_vans);
        var answer = await client.BookVanAsync(new BookVanRequest {{ Trip = trip.Id }});
        return answer.Ok;
    }}

    private async Task<bool> BookDriver(Trip trip)
    {{
        var client = new Drivers.DriversClient(_drivers);
        var answer = await client.BookDriverAsync(new BookDriverRequest {{ Trip = trip.Id }});
        return answer.Ok;
    }}

    private async Task Compensate(Trip trip)
    {{
        await CancelDriver(trip);
        await CancelVan(trip);
    }}

    private async Task CancelVan(Trip trip)
    {{
        try
        {{
            await new Vans.VansClient(_vans).CancelVanAsync(new CancelVanRequest {{ Trip = trip.Id }});
        }}
        catch (Exception error)
        {{
            {caught}
        }}
    }}

    private async Task CancelDriver(Trip trip)
    {{
        await new Drivers.DriversClient(_drivers).CancelDriverAsync(new CancelDriverRequest {{ Trip = trip.Id }});
    }}
}}
"#
        )
    };
    let rule = "saga/swallowed-compensation-failure";
    let logged = saga("_logger.LogError(error, \"not cancelled\");");
    assert_eq!(found(rule, &[("TripSaga.cs", &logged)]), ["TripSaga.cs:41"]);
    assert_eq!(found(rule, &[("TripSaga.cs", &saga("throw;"))]), NONE);
}

#[test]
fn an_exchange_for_logs_or_work_carries_no_events() {
    let rules = ["event-schema/missing-event-id", "event-schema/unversioned-event"];
    let publisher = |exchange: &str, key: &str| {
        format!(
            "import json\nimport pika\n\nchannel = pika.BlockingConnection().channel()\nchannel.confirm_delivery()\nchannel.basic_publish(exchange='{exchange}', routing_key='{key}', body=json.dumps({{'plate': 'A 1'}}))\n"
        )
    };
    let told = |exchange: &str, key: &str| {
        let text = publisher(exchange, key);
        rules.map(|rule| found(rule, &[("tolls.py", &text)]).len())
    };
    assert_eq!(told("tolls", "toll.paid"), [1, 1]);
    assert_eq!(told("tolls", ""), [1, 1]);
    for (exchange, key) in [("logs", ""), ("logs_topic", "gate.info"), ("tasks", "toll.paid")] {
        assert_eq!(told(exchange, key), [0, 0], "{exchange} {key}");
    }
}
