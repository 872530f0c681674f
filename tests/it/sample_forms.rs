//! Forms that samples of articles and packs are written in: what a reviewer would list is reported.

use crate::support::{folder, skillcheck_in};

/// The findings of rules that contain a text, as `path:line rule`, in order.
fn found(files: &[(&str, &str)], rules: &str) -> Vec<String> {
    run(files, &["lint", "--output", "json"], rules)
}

/// The same for rules that are still tried out.
fn found_in_preview(files: &[(&str, &str)], rules: &str) -> Vec<String> {
    run(files, &["lint", "--preview", "--output", "json"], rules)
}

fn run(files: &[(&str, &str)], arguments: &[&str], rules: &str) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), arguments);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let told = findings.iter().map(|f| {
        let (path, rule) = (f["path"].as_str().unwrap(), f["rule"].as_str().unwrap());
        format!("{path}:{} {rule}", f["line"])
    });
    told.filter(|f| f.contains(rules)).collect()
}

/// A runner in Go that notes the position of a step with the given statement, before or behind its call.
fn go_runner(before: &str, behind: &str) -> String {
    format!(
        "package trip

import \"context\"

type Leg struct {{
	Name       string
	Execute    func(ctx context.Context) error
	Compensate func(ctx context.Context) error
}}

type Saga struct {{
	legs []Leg
}}

func (s *Saga) Run(ctx context.Context) error {{
	var booked []int
	for i, leg := range s.legs {{
		{before}
		if err := leg.Execute(ctx); err != nil {{
			for j := len(booked) - 1; j >= 0; j-- {{
				undo := s.legs[booked[j]]
				if undoErr := undo.Compensate(ctx); undoErr != nil {{
					return undoErr
				}}
			}}
			return err
		}}
		{behind}
	}}
	return nil
}}
"
    )
}

#[test]
fn a_position_that_is_noted_behind_the_call() {
    let noted = "booked = append(booked, i)";
    let rule = "uncompensated-failing-step";
    assert_eq!(
        found(&[("trip/saga.go", &go_runner("", noted))], rule),
        ["trip/saga.go:28 saga/uncompensated-failing-step"]
    );
    assert_eq!(found(&[("trip/saga.go", &go_runner(noted, ""))], rule), [""; 0]);
}

#[test]
fn a_map_of_what_is_done_is_written_behind_the_step() {
    let runner = |before: &str, behind: &str| {
        format!(
            "export class TripSaga {{
  constructor(legs) {{
    this.legs = legs;
  }}

  async run(trip) {{
    const completedLegs = new Map();
    try {{
      for (const leg of this.legs) {{
        {before}
        const ticket = await leg.execute(trip);
        {behind}
      }}
    }} catch (error) {{
      for (const leg of [...this.legs].reverse()) {{
        if (completedLegs.has(leg.name)) await leg.compensate(trip);
      }}
      throw error;
    }}
  }}
}}
"
        )
    };
    let rule = "uncompensated-failing-step";
    let late = runner("", "completedLegs.set(leg.name, ticket);");
    assert_eq!(found(&[("trip.js", &late)], rule), ["trip.js:12 saga/uncompensated-failing-step"]);
    let early = runner("completedLegs.set(leg.name, null);", "");
    assert_eq!(found(&[("trip.js", &early)], rule), [""; 0]);
}

/// A runner in Java whose undoing is repeated, with a statement around each step, and its controller.
fn java_runner(step: &str, start: &str) -> Vec<(&'static str, String)> {
    let runner = format!(
        "package trips;

import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryRegistry;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Service;

@Service
public class TripOrchestrator {{
    private final List<SagaLeg> legs;
    private final RetryRegistry retryRegistry;

    public TripOrchestrator(List<SagaLeg> legs, RetryRegistry retryRegistry) {{
        this.legs = legs;
        this.retryRegistry = retryRegistry;
    }}

    public boolean start(Trip trip) {{
        List<SagaLeg> booked = new ArrayList<>();
        for (SagaLeg leg : legs) {{
            booked.add(leg);
            if (!{step}) {{
                undo(trip, booked);
                return false;
            }}
        }}
        return true;
    }}

    private void undo(Trip trip, List<SagaLeg> booked) {{
        for (SagaLeg leg : booked.reversed()) {{
            Retry.decorateSupplier(retryRegistry.retry(\"undo\"), () -> leg.revert(trip)).get();
        }}
    }}
}}
"
    );
    let leg = "package trips;

public interface SagaLeg {
    boolean process(Trip trip);
    boolean revert(Trip trip);
}
";
    let controller = format!(
        "package trips;

import java.util.concurrent.ExecutorService;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class TripController {{
    private final TripOrchestrator orchestrator;
    private final ExecutorService executor;

    public TripController(TripOrchestrator orchestrator, ExecutorService executor) {{
        this.orchestrator = orchestrator;
        this.executor = executor;
    }}

    @PostMapping(\"/trips\")
    public void book(@RequestBody Trip trip) {{
        {start}
    }}
}}
"
    );
    vec![
        ("src/main/java/trips/TripOrchestrator.java", runner),
        ("src/main/java/trips/SagaLeg.java", leg.to_string()),
        ("src/main/java/trips/TripController.java", controller),
    ]
}

#[test]
fn a_controller_of_spring_waits_for_steps_that_are_tried_once() {
    let told = |step: &str, start: &str| {
        let files = java_runner(step, start);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        found(&files, "saga/")
            .into_iter()
            .filter(|f| f.ends_with("missing-step-retry") || f.ends_with("saga-awaited-in-request"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("leg.process(trip)", "orchestrator.start(trip);"),
        [
            "src/main/java/trips/TripController.java:20 saga/saga-awaited-in-request",
            "src/main/java/trips/TripOrchestrator.java:23 saga/missing-step-retry",
        ]
    );
    let repeated = "Retry.decorateSupplier(retryRegistry.retry(\"leg\"), () -> leg.process(trip)).get()";
    assert_eq!(told(repeated, "executor.submit(() -> { orchestrator.start(trip); });"), [""; 0]);
}

#[test]
fn a_state_that_is_called_in_progress_takes_nothing_up() {
    let runner = |more: &str| {
        format!(
            "using System;
using System.Collections.Generic;
using System.Linq;

namespace Trips;

public enum TripStatus {{ NotStarted, InProgress, Completed, Compensated, Failed }}

public sealed class Leg
{{
    public Action Execute {{ get; init; }}
    public Action Compensate {{ get; init; }}
}}

public sealed class TripSaga
{{
    private readonly List<Leg> _legs = new();
    private readonly List<Leg> _booked = new();
    private readonly List<Exception> _left = new();

    public TripStatus Status {{ get; private set; }} = TripStatus.NotStarted;

    public void Run()
    {{
        Status = TripStatus.InProgress;
        foreach (var leg in _legs)
        {{
            try
            {{
                leg.Execute();
                _booked.Add(leg);
            }}
            catch (Exception error)
            {{
                Undo();
                throw new InvalidOperationException(\"undone\", error);
            }}
        }}
    }}

    private void Undo()
    {{
        foreach (var leg in _booked.AsEnumerable().Reverse())
        {{
            try
            {{
                leg.Compensate();
            }}
            catch (Exception error)
            {{
                _left.Add(error);
            }}
        }}
    }}
{more}}}
"
        )
    };
    let rule = "unretried-compensation";
    assert_eq!(
        found(&[("Trips/TripSaga.cs", &runner(""))], rule),
        ["Trips/TripSaga.cs:47 saga/unretried-compensation"]
    );
    let resumed = "\n    public void ResumeUnfinished(ITrips trips)\n    {\n        foreach (var trip in trips.FindInProgress()) trip.Run();\n    }\n";
    assert_eq!(found(&[("Trips/TripSaga.cs", &runner(resumed))], rule), [""; 0]);
}

#[test]
fn a_list_of_undos_that_is_turned_round() {
    let saga = |order: &str| {
        format!(
            "class TripSaga {{
  constructor(trip) {{
    this.trip = trip;
    this.compensations = [];
  }}

  async execute() {{
    try {{
      await this.reserveSeat();
      this.compensations.push(() => this.releaseSeat());
      await this.chargeCard();
      this.compensations.push(() => this.refundCard());
      await this.bookRoom();
    }} catch (error) {{
      await this.compensate();
      throw error;
    }}
  }}

  async reserveSeat() {{
    await fetch(`${{process.env.FLIGHTS_URL}}/seats`, {{ method: \"POST\" }});
  }}

  async chargeCard() {{
    await fetch(`${{process.env.CARDS_URL}}/charges`, {{ method: \"POST\" }});
  }}

  async bookRoom() {{
    await fetch(`${{process.env.ROOMS_URL}}/bookings`, {{ method: \"POST\" }});
  }}

  async compensate() {{
    for (const undo of {order}) {{
      await undo();
    }}
  }}
}}
"
        )
    };
    let rule = "mutated-log";
    assert_eq!(found(&[("trip.js", &saga("this.compensations.reverse()"))], rule), ["trip.js:33 saga/mutated-log"]);
    assert_eq!(found(&[("trip.js", &saga("[...this.compensations].reverse()"))], rule), [""; 0]);
}

#[test]
fn a_map_of_sagas_that_replies_move_on() {
    let orchestrator = |name: &str| {
        format!(
            "export default class {name} {{
  constructor(bus) {{
    this.sagas = new Map();
    this.bus = bus;
    this.bus.on(\"TRIP_REPLY\", this.reply.bind(this));
  }}

  reply(event) {{
    const saga = this.sagas.get(event.data.tripId);
    saga.events.push(event.type);
    this.bus.emit(NEXT[event.type], {{ tripId: saga.id }});
  }}
}}
"
        )
    };
    let rule = "volatile-state";
    assert_eq!(found(&[("trips.js", &orchestrator("TripOrchestrator"))], rule), ["trips.js:3 saga/volatile-state"]);
    // What stands for a store in tests says nothing about production.
    assert_eq!(found(&[("trips.js", &orchestrator("InMemorySagaStore"))], rule), [""; 0]);
}

#[test]
fn a_method_that_is_bound_runs_in_the_breaker() {
    let client = |errors: &str| {
        format!(
            "import axios from \"axios\";
import CircuitBreaker from \"opossum\";

class Rooms {{
  constructor() {{
    this.breaker = new CircuitBreaker(this.read.bind(this), {{ timeout: 3000, resetTimeout: 30000{errors} }});
  }}

  async read(id) {{
    const {{ data }} = await axios.get(`${{process.env.ROOMS_URL}}/rooms/${{encodeURIComponent(id)}}`, {{ timeout: 2000 }});
    return data;
  }}

  find(id) {{
    return this.breaker.fire(id);
  }}
}}

export default new Rooms();
"
        )
    };
    assert_eq!(found(&[("rooms.js", &client(""))], "breaker"), ["rooms.js:6 rest-client/breaker-counts-client-errors"]);
    let filtered = ", errorFilter: (error) => error.response?.status < 500";
    assert_eq!(found(&[("rooms.js", &client(filtered))], "breaker"), [""; 0]);
}

#[test]
fn a_function_that_the_sample_leaves_out_says_what_it_does() {
    let worker = |work: &str| {
        format!(
            "import amqp from \"amqplib\";

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
await channel.assertQueue(\"trips\", {{ durable: true, deadLetterExchange: \"trips.dead\" }});
await channel.prefetch(10);
await channel.consume(\"trips\", async (message) => {{
  try {{
    const trip = JSON.parse(message.content.toString());
    {work}
    channel.ack(message);
  }} catch (error) {{
    channel.nack(message, false, false);
  }}
}});
"
        )
    };
    let rule = "non-idempotent";
    assert_eq!(
        found(&[("worker.js", &worker("await sendTicketEmail(trip);"))], rule),
        ["worker.js:7 message-queue/non-idempotent-consumer"]
    );
    assert_eq!(found(&[("worker.js", &worker("await updateTrip(trip);"))], rule), [""; 0]);
    let declared = "const sendTicketEmail = outbox.add;\n    await sendTicketEmail(trip);";
    assert_eq!(found(&[("worker.js", &worker(declared))], rule), [""; 0]);
}

#[test]
fn a_callback_of_kafka_python_that_hears_of_success_only() {
    let send = |chain: &str| {
        format!(
            "import json
import os

from kafka import KafkaProducer

producer = KafkaProducer(bootstrap_servers=os.environ[\"KAFKA\"], value_serializer=lambda v: json.dumps(v).encode())


def noted(metadata):
    print(metadata.offset)


def failed(error):
    raise error


def send(trip):
    producer.send(\"trips.v1\", value=trip, key=trip[\"id\"]){chain}
"
        )
    };
    let rule = "unconfirmed-publish";
    assert_eq!(
        found(&[("trips.py", &send(".add_callback(noted)"))], rule),
        ["trips.py:18 message-queue/unconfirmed-publish"]
    );
    assert_eq!(found(&[("trips.py", &send(".add_callback(noted).add_errback(failed)"))], rule), [""; 0]);
}

#[test]
fn a_connection_to_nats_that_the_sample_leaves_out() {
    let text = "const manager = await nc.jetstreamManager();
await manager.streams.add({ name: \"TRIPS\", subjects: [\"trips.>\"] });

const js = nc.jetstream();
await js.publish(\"trips.booked\", sc.encode(JSON.stringify({ tripId: 42, seats: 2 })));

const consumer = await js.consumers.get(\"TRIPS\", \"printer\");
const messages = await consumer.consume();
for await (const message of messages) {
  const trip = JSON.parse(sc.decode(message.data));
  await print(trip);
  message.ack();
}
";
    assert_eq!(
        found(&[("trips.ts", text)], ""),
        [
            "trips.ts:5 event-schema/missing-event-id",
            "trips.ts:5 event-schema/unversioned-event",
            "trips.ts:8 message-queue/missing-dead-letter",
            "trips.ts:8 message-queue/missing-graceful-shutdown",
            "trips.ts:8 message-queue/poison-message",
        ]
    );
}

#[test]
fn a_stack_of_undos_that_steps_give() {
    let saga = |order: &str| {
        format!(
            "using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Trips;

public sealed class TripSaga
{{
    public async Task<bool> RunAsync(params Func<Task<(bool ok, Func<Task> undo)>>[] steps)
    {{
        var undo = new Stack<Func<Task>>();
        try
        {{
            foreach (var step in steps)
            {{
                {order}
            }}
            return true;
        }}
        catch
        {{
            while (undo.Count > 0)
            {{
                try {{ await undo.Pop()(); }} catch {{ }}
            }}
            return false;
        }}
    }}
}}
"
        )
    };
    let late = "var (ok, revert) = await step();\n                undo.Push(revert);";
    assert_eq!(
        found(&[("Trips/TripSaga.cs", &saga(late))], "saga/"),
        [
            "Trips/TripSaga.cs:7 saga/volatile-state",
            "Trips/TripSaga.cs:16 saga/missing-saga-id",
            "Trips/TripSaga.cs:16 saga/missing-step-retry",
            "Trips/TripSaga.cs:16 saga/missing-step-timeout",
            "Trips/TripSaga.cs:17 saga/uncompensated-failing-step",
            "Trips/TripSaga.cs:25 saga/unretried-compensation",
            "Trips/TripSaga.cs:25 saga/swallowed-compensation-failure",
        ]
    );
}

#[test]
fn a_helper_that_calls_the_compensation_it_is_given() {
    let saga = |undo: &str| {
        format!(
            "class TripSaga:
    def __init__(self):
        self.legs = []

    def add(self, action, compensation):
        self.legs.append((action, compensation))

    async def run(self):
        for action, compensation in self.legs:
            try:
                await action()
            except Exception:
                await self._undo(compensation)
                raise

    async def _undo(self, compensation):
        {undo}
"
        )
    };
    let told = |undo: &str| found(&[("trip.py", &saga(undo))], "saga/");
    assert_eq!(
        told("await compensation()"),
        [
            "trip.py:1 saga/volatile-state",
            "trip.py:11 saga/missing-saga-id",
            "trip.py:11 saga/missing-step-retry",
            "trip.py:11 saga/missing-step-timeout",
            "trip.py:17 saga/unretried-compensation",
        ]
    );
    let repeated = "for attempt in range(5):\n            try:\n                return await compensation()\n            except OSError:\n                await asyncio.sleep(2**attempt)";
    assert!(!told(repeated).iter().any(|f| f.ends_with("unretried-compensation")));
}

#[test]
fn commands_that_a_mediator_carries_out() {
    let saga = |undo: &str| {
        format!(
            "using MediatR;

namespace Trips;

public class TripSaga
{{
    private readonly IMediator _mediator;

    public TripSaga(IMediator mediator)
    {{
        _mediator = mediator;
    }}

    public async Task BookAsync(BookTripCommand trip)
    {{
        try
        {{
            await _mediator.Send(new ReserveSeatCommand(trip.TripId));
            await _mediator.Send(new ChargeCardCommand(trip.TripId));
            await _mediator.Send(new BookRoomCommand(trip.TripId));
        }}
        catch (Exception error)
        {{
            {undo}await _mediator.Send(new ReleaseSeatCommand(trip.TripId));
            throw new InvalidOperationException(\"undone\", error);
        }}
    }}
}}
"
        )
    };
    let told = |undo: &str| found(&[("Trips/TripSaga.cs", &saga(undo))], "missing-compensation");
    assert_eq!(told(""), ["Trips/TripSaga.cs:19 saga/missing-compensation"]);
    assert_eq!(told("await _mediator.Send(new RefundCardCommand(trip.TripId));\n            "), [""; 0]);
}

#[test]
fn only_what_undoes_is_shown() {
    let choreography = |order: &str, failed: &str| {
        format!(
            "export class TripSagaChoreographer {{
  async handleFailure(state) {{
    for (const leg of {order}) {{
      try {{
        await leg.compensate();
      }} catch (error) {{
        {failed}
      }}
    }}
  }}
}}
"
        )
    };
    assert_eq!(
        found(&[("trip.ts", &choreography("state.completedLegs.reverse()", "console.error(error);"))], "saga/"),
        ["trip.ts:3 saga/mutated-log", "trip.ts:6 saga/swallowed-compensation-failure"]
    );
    let kept = choreography("[...state.completedLegs].reverse()", "await this.failures.save(leg, error);");
    assert_eq!(found(&[("trip.ts", &kept)], "saga/"), [""; 0]);
}

#[test]
fn an_optional_says_nothing_of_where_a_saga_stands() {
    let orchestrator = |check: &str| {
        format!(
            "package trips;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Service;

@Service
public class TripOrchestrator {{
    private final TripSagaRepository sagaRepository;

    public TripOrchestrator(TripSagaRepository sagaRepository) {{
        this.sagaRepository = sagaRepository;
    }}

    public void handleCardCharged(Map<String, Object> event) {{
        Optional<TripSaga> foundSaga = sagaRepository.findById(UUID.fromString((String) event.get(\"tripId\")));
        if (foundSaga.isEmpty()) {{
            return;
        }}
        TripSaga saga = foundSaga.get();
        {check}saga.setState(TripState.CHARGED);
        sagaRepository.save(saga);
    }}
}}
"
        )
    };
    let path = "src/main/java/trips/TripOrchestrator.java";
    let told = |check: &str| found_in_preview(&[(path, &orchestrator(check))], "unchecked-reply");
    assert_eq!(told(""), [format!("{path}:16 saga/unchecked-reply")]);
    assert_eq!(told("if (saga.getState() != TripState.RESERVED) return;\n        "), [""; 0]);
}

#[test]
fn a_queue_that_is_declared_under_the_name_of_a_parameter() {
    let publisher = |durable: &str, name: &str| {
        format!(
            "package trips

import (
	\"context\"

	amqp \"github.com/rabbitmq/amqp091-go\"
)

func publish(ctx context.Context, ch *amqp.Channel, queue string, body []byte) error {{
	q, err := ch.QueueDeclare(queue, {durable}, false, false, false, nil)
	if err != nil {{
		return err
	}}
	return ch.PublishWithContext(ctx, \"\", {name}, false, false, amqp.Publishing{{
		DeliveryMode: amqp.Persistent,
		Body:         body,
	}})
}}

func size(q amqp.Queue) int {{ return q.Messages }}
"
        )
    };
    let told = |durable: &str, name: &str| found(&[("trips/publish.go", &publisher(durable, name))], "transient");
    for name in ["queue", "q.Name"] {
        assert_eq!(told("false", name), ["trips/publish.go:14 message-queue/transient-message"], "{name}");
        assert_eq!(told("true", name), [""; 0], "{name}");
    }
}

#[test]
fn a_feign_client_that_nothing_shown_calls() {
    let client = "@FeignClient(name = \"rooms\", fallback = RoomsFallback.class)
public interface RoomsClient {
    @GetMapping(\"/rooms/{id}\")
    Room find(@PathVariable Long id);
}
";
    assert_eq!(
        found(&[("RoomsClient.java", client)], "rest-client/"),
        ["RoomsClient.java:1 rest-client/missing-retry"]
    );
}

#[test]
fn a_repository_that_the_sample_leaves_out() {
    let service = |fields: &str, save: &str| {
        format!(
            "import {{ Kafka }} from \"kafkajs\";
import {{ TripRepository }} from \"./trip.repository\";

const producer = new Kafka({{ brokers: [process.env.KAFKA!] }}).producer({{ idempotent: true }});

export class TripService {{
  constructor(private readonly {fields}) {{}}

  async book(trip: Trip): Promise<void> {{
    {save}
    await producer.send({{
      topic: \"trips.v1\",
      messages: [{{ key: trip.id, value: JSON.stringify({{ eventId: trip.eventId, type: \"trip.booked\", tripId: trip.id }}) }}],
    }});
  }}
}}
"
        )
    };
    let told = |fields: &str, save: &str| found(&[("trip.service.ts", &service(fields, save))], "dual-write");
    let trips = "tripRepository: TripRepository";
    assert_eq!(told(trips, "await this.tripRepository.save(trip);"), ["trip.service.ts:11 message-queue/dual-write"]);
    assert_eq!(told(trips, "this.tripRepository.create(trip);"), [""; 0]);
    assert_eq!(told(trips, "await this.tripRepository.find(trip.id);"), [""; 0]);
    assert_eq!(told("outboxRepository: TripRepository", "await this.outboxRepository.save(trip);"), [""; 0]);
}
