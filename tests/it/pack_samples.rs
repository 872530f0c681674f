//! Samples as packs of skills and tutorials show them: what a reviewer would list is reported, and nothing else.

use crate::support::{folder, skillcheck_in};

/// The findings of some rules in one file, as `line rule`, in order.
fn found(path: &str, text: &str, rules: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let told = findings.iter().map(|f| format!("{} {}", f["line"], f["rule"].as_str().unwrap()));
    told.filter(|f| f.contains(rules)).map(|f| f.replace(rules, "")).collect()
}

#[test]
fn steps_and_what_undoes_them_in_two_lists() {
    let text = r#"class TripSaga:
    def __init__(self):
        self.steps = []
        self.undos = []

    def add(self, book, undo):
        self.steps.append(book)
        self.undos.append(undo)

    def run(self, trip):
        booked = []
        try:
            for step in self.steps:
                trip.update(step(trip))
                booked.append(step)
            return "booked"
        except Exception as error:
            for step in reversed(booked):
                undo = self.undos[self.steps.index(step)]
                try:
                    undo(trip)
                except Exception as again:
                    print(f"not undone: {again}")
            return f"failed: {error}"


saga = TripSaga()
saga.add(lambda trip: flights.book(trip), lambda trip: flights.cancel(trip["ticket"]))
saga.add(lambda trip: rooms.book(trip), lambda trip: rooms.cancel(trip["room"]))
"#;
    assert_eq!(
        found("trip_saga.py", text, "saga/"),
        [
            "1 volatile-state",
            "14 missing-saga-id",
            "14 missing-step-retry",
            "14 missing-step-timeout",
            "15 uncompensated-failing-step",
            "21 unretried-compensation",
            "22 swallowed-compensation-failure",
        ]
    );
}

#[test]
fn names_of_steps_are_given_to_what_does_and_undoes_them() {
    let text = r#"package library.loans;

import java.util.*;
import library.loans.model.Loan;
import library.loans.model.LoanStep;
import org.slf4j.*;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.client.RestTemplate;

public class LoanSaga {
    private static final Logger log = LoggerFactory.getLogger(LoanSaga.class);
    private final RestTemplate rest = new RestTemplate();

    @Value("${copies.url}")
    private String copies;

    @Value("${fees.url}")
    private String fees;

    public boolean lend(Loan loan) {
        List<LoanStep> done = new ArrayList<>();
        for (LoanStep step : LoanStep.values()) {
            if (!runStep(step, loan)) {
                undo(done, loan);
                return false;
            }
            done.add(step);
        }
        return true;
    }

    private boolean runStep(LoanStep step, Loan loan) {
        try {
            rest.postForObject(address(step) + "/take", loan, String.class);
            return true;
        } catch (Exception e) {
            log.error("{} failed", step, e);
            return false;
        }
    }

    private void undo(List<LoanStep> done, Loan loan) {
        for (int i = done.size() - 1; i >= 0; i--) {
            LoanStep step = done.get(i);
            compensateStep(step, loan);
        }
    }

    private void compensateStep(LoanStep step, Loan loan) {
        try {
            rest.postForObject(address(step) + "/give-back", loan, String.class);
        } catch (Exception e) {
            log.error("{} stays", step, e);
        }
    }

    private String address(LoanStep step) {
        return switch (step) {
            case COPY -> copies;
            case FEE -> fees;
        };
    }
}
"#;
    assert_eq!(
        found("LoanSaga.java", text, "saga/"),
        [
            "10 volatile-state",
            "23 missing-saga-id",
            "23 missing-step-retry",
            "23 missing-step-timeout",
            "27 uncompensated-failing-step",
            "45 unretried-compensation",
            "52 swallowed-compensation-failure",
        ]
    );
}

#[test]
fn a_request_with_the_word_update_stores_nothing() {
    let text = r#"using System.Net.Http.Json;

namespace Restaurant.Tables;

public class TableSaga
{
    private readonly IHttpClientFactory _clients;
    private readonly ILogger<TableSaga> _logger;
    private readonly Dictionary<string, Evening> _evenings = new();

    public TableSaga(IHttpClientFactory clients, ILogger<TableSaga> logger)
    {
        _clients = clients;
        _logger = logger;
    }

    public async Task<Evening> ReserveEveningAsync(string guest)
    {
        var evening = new Evening(guest);
        _evenings[evening.Id] = evening;
        try
        {
            evening.Table = await ReserveTableAsync(guest);
            evening.Deposit = await ChargeDepositAsync(guest);
            return evening;
        }
        catch (Exception e)
        {
            _logger.LogError(e, "not reserved");
            if (evening.Deposit != null) await RefundDepositAsync(evening.Deposit);
            if (evening.Table != null) await ReleaseTableAsync(evening.Table);
            throw;
        }
    }

    private async Task<string> ReserveTableAsync(string guest)
    {
        var client = _clients.CreateClient("tables");
        var answer = await client.PostAsJsonAsync("tables", new { guest });
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task ReleaseTableAsync(string table)
    {
        var client = _clients.CreateClient("tables");
        var answer = await client.PutAsJsonAsync("tables", new TableStatusUpdate(table, "free"));
        answer.EnsureSuccessStatusCode();
    }

    private async Task<string> ChargeDepositAsync(string guest)
    {
        var client = _clients.CreateClient("deposits");
        var answer = await client.PostAsJsonAsync("deposits", new { guest });
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task RefundDepositAsync(string deposit)
    {
        var client = _clients.CreateClient("deposits");
        var answer = await client.PostAsJsonAsync("refunds", new { deposit });
        answer.EnsureSuccessStatusCode();
    }
}
"#;
    assert_eq!(
        found("TableSaga.cs", text, "saga/"),
        ["17 volatile-state", "23 missing-step-retry", "30 uncompensated-failing-step", "62 unretried-compensation",]
    );
}

#[test]
fn a_bus_that_gives_the_result_has_carried_the_step_out() {
    let text = r#"class EnrolmentSaga {
  constructor(private bus: CommandBus, private store: EnrolmentStore) {}

  async advance(enrolment: Enrolment, index: number): Promise<void> {
    if (index >= enrolment.steps.length) {
      enrolment.status = 'enrolled'
      return this.store.save(enrolment)
    }
    const step = enrolment.steps[index]
    enrolment.current = index
    await this.store.save(enrolment)
    try {
      const result = await this.bus.dispatch(step.command)
      enrolment.results[step.name] = result
      await this.store.save(enrolment)
    } catch (error) {
      enrolment.error = error.message
      await this.store.save(enrolment)
      return this.undo(enrolment, index)
    }
    await this.advance(enrolment, index + 1)
  }

  private async undo(enrolment: Enrolment, from: number): Promise<void> {
    for (let i = from; i >= 0; i--) {
      await this.bus.dispatch(enrolment.steps[i].compensation)
    }
    enrolment.status = 'undone'
    await this.store.save(enrolment)
  }
}
"#;
    assert_eq!(
        found("enrolment-saga.ts", text, "saga/"),
        ["13 missing-saga-id", "13 missing-step-retry", "13 missing-step-timeout", "26 unretried-compensation",]
    );
}

#[test]
fn what_a_workflow_undoes_only_when_it_has_the_answer() {
    let text = r#"from datetime import timedelta

from temporalio import workflow


@workflow.defn
class MoveWorkflow:
    @workflow.run
    async def run(self, household: str) -> str:
        van_id = None
        try:
            van_id = await workflow.execute_activity(
                reserve_van, household, start_to_close_timeout=timedelta(seconds=20)
            )
            await workflow.execute_activity(
                book_crew, household, start_to_close_timeout=timedelta(seconds=20)
            )
            return van_id
        except Exception:
            if van_id:
                await workflow.execute_activity(
                    release_van, van_id, start_to_close_timeout=timedelta(seconds=20)
                )
            raise
"#;
    assert_eq!(found("move_workflow.py", text, "saga/"), ["20 uncompensated-failing-step"]);
}

#[test]
fn a_compensation_of_a_workflow_that_is_given_up() {
    let text = r#"from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy


@workflow.defn
class MoveWorkflow:
    @workflow.run
    async def run(self, household: str) -> str:
        compensations = []
        try:
            compensations.append((release_van, household))
            await workflow.execute_activity(
                reserve_van, household, start_to_close_timeout=timedelta(seconds=20)
            )
            compensations.append((cancel_crew, household))
            await workflow.execute_activity(
                book_crew, household, start_to_close_timeout=timedelta(seconds=20)
            )
            return "moved"
        except Exception:
            for compensation, argument in reversed(compensations):
                try:
                    await workflow.execute_activity(
                        compensation,
                        argument,
                        start_to_close_timeout=timedelta(seconds=20),
                        retry_policy=RetryPolicy(maximum_attempts=3),
                    )
                except Exception:
                    pass
            raise
"#;
    assert_eq!(found("move_workflow.py", text, "saga/"), ["31 swallowed-compensation-failure"]);
}

#[test]
fn the_settings_of_a_page_are_those_of_its_samples() {
    let text = r#"# Listeners

```java
@Component
class Rooms {
    private final Keys keys;

    Rooms(Keys keys) { this.keys = keys; }

    @RabbitListener(queues = "rooms.cleaned")
    public void cleaned(RoomCleaned event) {
        keys.open(event.room());
    }
}
```

What cannot be handled goes to the dead letters:

```yaml
spring:
  rabbitmq:
    listener:
      simple:
        default-requeue-rejected: false
```
"#;
    assert_eq!(found("SKILL.md", text, "message-queue/unbounded-redelivery"), [] as [&str; 0]);
}

#[test]
fn a_failure_to_publish_that_go_only_logs() {
    let text = r#"package seats

import (
	"context"
	"log"

	"github.com/segmentio/kafka-go"
)

type Seats struct {
	writer *kafka.Writer
}

func (s *Seats) Taken(ctx context.Context, seat []byte) {
	if err := s.writer.WriteMessages(ctx, kafka.Message{Key: seat, Value: seat}); err != nil {
		log.Printf("not told: %v", err)
	}
}

func (s *Seats) Freed(ctx context.Context, seat []byte) error {
	err := s.writer.WriteMessages(ctx, kafka.Message{Key: seat, Value: seat})
	if err != nil {
		log.Printf("not told: %v", err)
		return err
	}
	return nil
}

func (s *Seats) Closed(ctx context.Context, seat []byte) {
	if err := s.writer.WriteMessages(ctx, kafka.Message{Key: seat, Value: seat}); err != nil {
		log.Fatalf("not told: %v", err)
	}
}
"#;
    assert_eq!(found("publish.go", text, "message-queue/swallowed-publish-failure"), ["15 "]);
}

#[test]
fn brokers_that_a_constructor_of_go_is_given() {
    let text = r#"package main

import (
	"context"
	"log"

	"github.com/segmentio/kafka-go"
)

type Meter struct {
	reader *kafka.Reader
}

func NewMeter(brokers []string, topic string) *Meter {
	return &Meter{reader: kafka.NewReader(kafka.ReaderConfig{Brokers: brokers, Topic: topic, GroupID: "meter"})}
}

func main() {
	meter := NewMeter([]string{"kafka-1:9092"}, "readings")
	for {
		message, err := meter.reader.FetchMessage(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		log.Println(string(message.Value))
	}
}
"#;
    assert_eq!(found("main.go", text, "message-queue/hard-coded-broker"), ["19 "]);
}

#[test]
fn a_consumer_that_only_the_keyboard_ends() {
    let text = r#"from confluent_kafka import Consumer


class Readings:
    def __init__(self, servers: str):
        self.consumer = Consumer({"bootstrap.servers": servers, "group.id": "meter", "enable.auto.commit": False})
        self.consumer.subscribe(["readings"])

    def each(self, handler):
        try:
            while True:
                message = self.consumer.poll(1.0)
                if message is None or message.error():
                    continue
                handler(message.value())
                self.consumer.commit(message)
        except KeyboardInterrupt:
            pass
        finally:
            self.consumer.close()
"#;
    assert_eq!(found("readings.py", text, "message-queue/missing-graceful-shutdown"), ["6 "]);
}

#[test]
fn a_consumer_that_somebody_may_stop() {
    let text = r#"from confluent_kafka import Consumer


class Readings:
    def __init__(self, servers: str):
        self.consumer = Consumer({"bootstrap.servers": servers, "group.id": "meter", "enable.auto.commit": False})
        self.consumer.subscribe(["readings"])

    def stop(self):
        self.running = False

    def each(self, handler):
        try:
            while True:
                message = self.consumer.poll(1.0)
                if message is None or message.error():
                    continue
                handler(message.value())
                self.consumer.commit(message)
        except KeyboardInterrupt:
            pass
        finally:
            self.consumer.close()
"#;
    assert_eq!(found("readings.py", text, "message-queue/missing-graceful-shutdown"), [] as [&str; 0]);
}

#[test]
fn pauses_made_of_settings_are_the_same_for_all() {
    let text = r#"export class Hooks {
  constructor(private readonly store: HookStore) {}

  async deliver(hook: Hook, event: HookEvent): Promise<void> {
    for (let attempt = 1; attempt <= hook.retry.attempts; attempt++) {
      const response = await fetch(hook.url, {
        method: 'POST',
        headers: { 'X-Hook-ID': event.id },
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(5000),
      });
      if (response.ok) return;
      const pause = hook.retry.initialDelayMs * Math.pow(hook.retry.factor, attempt - 1);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    await this.store.park(hook, event);
  }
}
"#;
    assert_eq!(found("hooks.ts", text, "rest-client/retry-without-jitter"), ["5 "]);
}
