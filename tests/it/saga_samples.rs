//! Sagas as articles, tutorials and skill packs show them: what a reviewer would list is reported, and nothing
//! else.

use crate::support::{folder, skillcheck_in};

/// The findings about sagas in one file, as `line rule`, in order.
fn found(path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", "saga", "--preview", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let rule = |f: &serde_json::Value| f["rule"].as_str().unwrap().trim_start_matches("saga/").to_string();
    findings.iter().map(|f| format!("{} {}", f["line"], rule(f))).collect()
}

#[test]
fn a_list_of_bound_methods_that_answer_with_a_result() {
    let text = r#"from enum import Enum
from typing import Callable, List


class StepResult:
    def __init__(self, success, data=None, error=None):
        self.success = success
        self.data = data or {}
        self.error = error


class SagaStep:
    def __init__(self, name: str, action: Callable, compensation: Callable):
        self.name = name
        self.action = action
        self.compensation = compensation


class SagaStatus(Enum):
    PENDING = "pending"
    COMPLETED = "completed"
    COMPENSATING = "compensating"
    FAILED = "failed"


class CheckoutSaga:
    def __init__(self):
        self.steps: List[SagaStep] = [
            SagaStep("open_order", action=self.open_order, compensation=self.drop_order),
            SagaStep("reserve_items", action=self.reserve_items, compensation=self.release_items),
            SagaStep("take_payment", action=self.take_payment, compensation=self.refund_payment),
            SagaStep("confirm", action=self.confirm, compensation=self.unconfirm),
        ]

    async def execute(self, order_data: dict):
        done = []
        context = {"order_data": order_data}
        try:
            for step in self.steps:
                result = await step.action(context)
                if not result.success:
                    await self.compensate(done, context)
                    return SagaResult(status=SagaStatus.FAILED, error=result.error)
                done.append(step)
                context.update(result.data)
            return SagaResult(status=SagaStatus.COMPLETED, data=context)
        except Exception as e:
            await self.compensate(done, context)
            return SagaResult(status=SagaStatus.FAILED, error=str(e))

    async def compensate(self, done: List[SagaStep], context: dict):
        for step in reversed(done):
            try:
                await step.compensation(context)
            except Exception as e:
                print(f"compensation of {step.name} failed: {e}")

    async def open_order(self, context: dict) -> StepResult:
        order = await order_service.create(context["order_data"])
        return StepResult(success=True, data={"order_id": order.id})

    async def drop_order(self, context: dict):
        await order_service.cancel(context["order_id"])

    async def reserve_items(self, context: dict) -> StepResult:
        result = await inventory_service.reserve(context["order_id"], context["order_data"]["items"])
        return StepResult(success=result.success, data={"reservation_id": result.reservation_id})

    async def release_items(self, context: dict):
        await inventory_service.release(context["reservation_id"])

    async def take_payment(self, context: dict) -> StepResult:
        result = await payment_service.charge(context["order_id"], context["order_data"]["total"])
        return StepResult(success=result.success, data={"transaction_id": result.transaction_id}, error=result.error)

    async def refund_payment(self, context: dict):
        await payment_service.refund(context["transaction_id"])
"#;
    assert_eq!(
        found("saga/order_saga.py", text),
        [
            "26 volatile-state",
            "40 missing-saga-id",
            "40 missing-step-retry",
            "40 missing-step-timeout",
            "43 ambiguous-terminal-state",
            "44 uncompensated-failing-step",
            "54 unretried-compensation",
            "55 swallowed-compensation-failure",
        ]
    );
}

#[test]
fn a_generic_skeleton_that_catches_to_the_console() {
    let text = r#"interface SagaStep<T> {
  execute(ctx: T): Promise<T>;
  compensate(ctx: T): Promise<void>;
}

export async function runSaga<T>(steps: SagaStep<T>[], initial: T): Promise<T> {
  const completed: SagaStep<T>[] = [];
  let ctx = initial;
  for (const step of steps) {
    try {
      ctx = await step.execute(ctx);
      completed.push(step);
    } catch (error) {
      for (const done of completed.reverse()) {
        await done.compensate(ctx).catch(console.error);
      }
      throw error;
    }
  }
  return ctx;
}
"#;
    assert_eq!(
        found("src/saga.ts", text),
        [
            "6 volatile-state",
            "11 missing-saga-id",
            "11 missing-step-retry",
            "11 missing-step-timeout",
            "12 uncompensated-failing-step",
            "14 mutated-log",
            "15 unretried-compensation",
            "15 swallowed-compensation-failure",
        ]
    );
}

#[test]
fn an_orchestrator_that_publishes_commands_and_waits_for_replies() {
    let text = r#"import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Dict, List, Optional


class SagaState(Enum):
    STARTED = "started"
    PENDING = "pending"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass
class SagaStep:
    name: str
    action: str
    compensation: str
    status: str = "pending"
    result: Optional[Dict] = None


@dataclass
class Saga:
    saga_id: str
    state: SagaState
    data: Dict[str, Any]
    steps: List[SagaStep]
    current_step: int = 0
    updated_at: datetime = field(default_factory=datetime.utcnow)


class SagaOrchestrator(ABC):
    def __init__(self, saga_store, event_publisher):
        self.saga_store = saga_store
        self.event_publisher = event_publisher

    @abstractmethod
    def define_steps(self, data: Dict) -> List[SagaStep]: ...

    async def start(self, data: Dict) -> Saga:
        saga = Saga(saga_id=str(uuid.uuid4()), state=SagaState.STARTED, data=data, steps=self.define_steps(data))
        await self.saga_store.save(saga)
        await self._next(saga)
        return saga

    async def handle_step_completed(self, saga_id: str, step_name: str, result: Dict):
        saga = await self.saga_store.get(saga_id)
        for step in saga.steps:
            if step.name == step_name:
                step.status = "completed"
                step.result = result
                break
        saga.current_step += 1
        if saga.current_step >= len(saga.steps):
            saga.state = SagaState.COMPLETED
            await self.saga_store.save(saga)
        else:
            saga.state = SagaState.PENDING
            await self.saga_store.save(saga)
            await self._next(saga)

    async def handle_step_failed(self, saga_id: str, step_name: str, error: str):
        saga = await self.saga_store.get(saga_id)
        saga.state = SagaState.COMPENSATING
        await self.saga_store.save(saga)
        await self._compensate(saga)

    async def _next(self, saga: Saga):
        step = saga.steps[saga.current_step]
        step.status = "executing"
        await self.saga_store.save(saga)
        await self.event_publisher.publish(step.action, {"saga_id": saga.saga_id, "step": step.name, **saga.data})

    async def _compensate(self, saga: Saga):
        for i in range(saga.current_step - 1, -1, -1):
            step = saga.steps[i]
            if step.status == "completed":
                step.status = "compensating"
                await self.saga_store.save(saga)
                await self.event_publisher.publish(step.compensation, {"saga_id": saga.saga_id, "step": step.name})

    async def handle_compensation_completed(self, saga_id: str, step_name: str):
        saga = await self.saga_store.get(saga_id)
        for step in saga.steps:
            if step.name == step_name:
                step.status = "compensated"
                break
        if all(s.status in ("compensated", "pending", "failed") for s in saga.steps):
            saga.state = SagaState.FAILED
        await self.saga_store.save(saga)
"#;
    assert_eq!(
        found("saga/orchestrator.py", text),
        [
            "50 unchecked-reply",
            "66 unchecked-reply",
            "76 missing-step-timeout",
            "76 step-outside-outbox",
            "93 ambiguous-terminal-state",
        ]
    );
}

#[test]
fn one_object_for_all_orders_with_results_in_the_context() {
    let text = r#"import { v4 as uuid } from "uuid";
import axios from "axios";

interface SagaStep {
  name: string;
  execute: (context: any) => Promise<any>;
  compensate: (context: any) => Promise<void>;
}

export class SagaOrchestrator {
  private completedSteps: SagaStep[] = [];
  private status = "pending";

  constructor(private steps: SagaStep[]) {}

  async execute(context: Record<string, any>): Promise<void> {
    this.status = "running";
    try {
      for (const step of this.steps) {
        context[step.name] = await step.execute(context);
        this.completedSteps.push(step);
      }
      this.status = "completed";
    } catch (error) {
      await this.compensate(context);
      this.status = "failed";
      throw error;
    }
  }

  private async compensate(context: Record<string, any>): Promise<void> {
    for (const step of this.completedSteps.reverse()) {
      try {
        await step.compensate(context);
      } catch (error) {
        console.error(`compensation of ${step.name} failed`, error);
      }
    }
  }
}

export const orderSaga = new SagaOrchestrator([
  {
    name: "inventory",
    execute: async (ctx) => (await axios.post("http://inventory/reservations", ctx.items)).data,
    compensate: async (ctx) => {
      await axios.delete(`http://inventory/reservations/${ctx.inventory.id}`);
    },
  },
  {
    name: "payment",
    execute: async (ctx) => (await axios.post("http://payments/charges", ctx.total)).data,
    compensate: async (ctx) => {
      await axios.post(`http://payments/charges/${ctx.payment.id}/refund`);
    },
  },
  {
    name: "payment",
    execute: async (ctx) => (await axios.post("http://shipping/parcels", ctx.address)).data,
    compensate: async (ctx) => {
      await axios.delete(`http://shipping/parcels/${ctx.shipping.id}`);
    },
  },
]);
"#;
    assert_eq!(
        found("src/saga-orchestrator.ts", text),
        [
            "6 untyped-saga-data",
            "10 volatile-state",
            "20 overwritten-input",
            "20 missing-saga-id",
            "20 missing-step-retry",
            "20 missing-step-timeout",
            "21 shared-run-state",
            "21 uncompensated-failing-step",
            "26 ambiguous-terminal-state",
            "32 mutated-log",
            "34 unretried-compensation",
            "35 swallowed-compensation-failure",
            "57 duplicate-step-name",
        ]
    );
}

#[test]
fn pairs_of_functions_behind_a_route() {
    let text = r#"import requests
from fastapi import FastAPI, HTTPException

app = FastAPI()


class OrderSaga:
    def __init__(self):
        self.completed_steps = []

    def execute(self, order):
        steps = [
            (self.reserve_inventory, self.release_inventory),
            (self.charge_payment, self.refund_payment),
            (self.create_shipment, self.cancel_shipment),
        ]
        for action, compensation in steps:
            try:
                action(order)
                self.completed_steps.append(compensation)
            except Exception:
                self.rollback(order)
                raise

    def rollback(self, order):
        while self.completed_steps:
            compensation = self.completed_steps.pop()
            try:
                compensation(order)
            except Exception as e:
                print("compensation failed", e)

    def reserve_inventory(self, order):
        r = requests.post("http://inventory/reserve", json=order)
        r.raise_for_status()

    def release_inventory(self, order):
        requests.post("http://inventory/release", json=order)

    def charge_payment(self, order):
        r = requests.post("http://payment/charge", json=order)
        r.raise_for_status()

    def refund_payment(self, order):
        requests.post("http://payment/refund", json=order)

    def create_shipment(self, order):
        r = requests.post("http://shipping/shipments", json=order)
        r.raise_for_status()

    def cancel_shipment(self, order):
        requests.post("http://shipping/cancel", json=order)


saga = OrderSaga()


@app.post("/orders")
def create_order(order: dict):
    try:
        saga.execute(order)
        return {"status": "completed"}
    except Exception:
        raise HTTPException(500, "order failed")
"#;
    assert_eq!(
        found("main.py", text),
        [
            "7 volatile-state",
            "19 missing-saga-id",
            "19 missing-step-retry",
            "19 missing-step-timeout",
            "20 shared-run-state",
            "20 uncompensated-failing-step",
            "27 mutated-log",
            "29 unretried-compensation",
            "30 swallowed-compensation-failure",
            "61 saga-awaited-in-request",
        ]
    );
}

#[test]
fn a_nest_service_that_stores_its_state() {
    let text = r#"import { Controller, Injectable, Post, Body } from "@nestjs/common";
import { HttpService } from "@nestjs/axios";
import { firstValueFrom } from "rxjs";
import { InjectRepository } from "@nestjs/typeorm";
import { Repository } from "typeorm";
import { SagaEntity } from "./saga.entity";

interface Step {
  name: string;
  invoke: (order: any) => Promise<any>;
  compensate?: (order: any) => Promise<any>;
}

@Injectable()
export class CheckoutSaga {
  private executed: Step[] = [];
  private readonly steps: Step[];

  constructor(
    private readonly http: HttpService,
    @InjectRepository(SagaEntity) private readonly sagas: Repository<SagaEntity>,
  ) {
    this.steps = [
      {
        name: "reserve",
        invoke: async (order) => {
          const response = await firstValueFrom(this.http.post("http://stock/reservations", order));
          return { reservationId: response.data.id };
        },
        compensate: async (order) => firstValueFrom(this.http.delete(`http://stock/reservations/${order.id}`)),
      },
      {
        name: "charge",
        invoke: async (order) => firstValueFrom(this.http.post("http://payments/charges", order)),
        compensate: async (order) => firstValueFrom(this.http.post("http://payments/refunds", order)),
      },
      { name: "ship", invoke: async (order) => firstValueFrom(this.http.post("http://shipping/parcels", order)) },
    ];
  }

  async run(order: any) {
    const saga = await this.sagas.save({ orderId: order.id, status: "STARTED" });
    try {
      for (const step of this.steps) {
        await step.invoke(order);
        this.executed.push(step);
        await this.sagas.save({ ...saga, step: step.name });
      }
      await this.sagas.save({ ...saga, status: "COMPLETED" });
    } catch (error) {
      for (const step of this.executed.reverse()) {
        await step.compensate?.(order);
      }
      await this.sagas.save({ ...saga, status: "FAILED" });
      throw error;
    }
  }
}

@Controller("orders")
export class OrdersController {
  constructor(private readonly saga: CheckoutSaga) {}

  @Post()
  async create(@Body() order: any) {
    await this.saga.run(order);
    return { status: "ok" };
  }
}
"#;
    assert_eq!(
        found("src/checkout.saga.ts", text),
        [
            "10 untyped-saga-data",
            "15 missing-recovery",
            "42 missing-version",
            "45 compensation-without-result",
            "45 missing-step-retry",
            "45 missing-step-timeout",
            "46 shared-run-state",
            "46 uncompensated-failing-step",
            "51 mutated-log",
            "52 unretried-compensation",
            "54 ambiguous-terminal-state",
            "66 saga-awaited-in-request",
        ]
    );
}

#[test]
fn a_request_that_only_starts_the_saga_does_not_wait_for_it() {
    let sample = |run: &str| {
        format!(
            r#"import express from "express";
import axios from "axios";

interface Step {{
  name: string;
  execute(order: Order): Promise<void>;
  compensate(order: Order): Promise<void>;
}}

class SagaOrchestrator {{
  private readonly steps: Step[] = [
    {{
      name: "reserve",
      execute: async (order) => {{ await axios.post("http://stock/reservations", order); }},
      compensate: async (order) => {{ await axios.delete(`http://stock/reservations/${{order.id}}`); }},
    }},
    {{
      name: "charge",
      execute: async (order) => {{ await axios.post("http://payments/charges", order); }},
      compensate: async (order) => {{ await axios.post("http://payments/refunds", order); }},
    }},
  ];

  async start(order: Order): Promise<string> {{
    {run}
    return order.id;
  }}

  private async run(order: Order): Promise<void> {{
    const done: Step[] = [];
    try {{
      for (const step of this.steps) {{
        await step.execute(order);
        done.push(step);
      }}
    }} catch (error) {{
      for (const step of [...done].reverse()) await step.compensate(order);
      throw error;
    }}
  }}
}}

const orchestrator = new SagaOrchestrator();
const app = express();
app.post("/orders", async (req, res) => {{
  const id = await orchestrator.start(req.body);
  res.status(202).json({{ id }});
}});
"#
        )
    };
    let waits = |run: &str| found("src/saga.ts", &sample(run)).iter().any(|f| f.ends_with(" saga-awaited-in-request"));
    assert!(waits("await this.run(order);"));
    assert!(!waits("this.run(order).catch((error) => console.error(error));"));
}

/// An article's orchestrator whose services stand in files that it does not show.
#[test]
fn services_that_the_sample_leaves_out_are_others() {
    let text = r#"class TripSaga {
  private steps: TripStep[] = [
    {
      name: "bookFlight",
      execute: (ctx) => flightService.book(ctx.route),
      compensate: (ctx) => flightService.cancel(ctx.flightId),
    },
    {
      name: "bookHotel",
      execute: (ctx) => hotelService.book(ctx.city),
      compensate: (ctx) => hotelService.cancel(ctx.hotelId),
    },
  ];

  async run(context: TripContext): Promise<void> {
    const completed: TripStep[] = [];
    for (const step of this.steps) {
      try {
        await step.execute(context);
        completed.push(step);
      } catch (error) {
        for (const done of completed.reverse()) {
          await done.compensate(context);
        }
        throw error;
      }
    }
  }
}
"#;
    assert_eq!(
        found("trip.ts", text),
        [
            "1 volatile-state",
            "19 missing-saga-id",
            "19 missing-step-retry",
            "19 missing-step-timeout",
            "20 uncompensated-failing-step",
            "22 mutated-log",
            "23 unretried-compensation",
        ]
    );
}

/// A participant whose method schedules something does not take up what was left unfinished.
#[test]
fn a_step_that_schedules_is_no_recovery() {
    let text = r#"class ShipSaga {
  async execute(orderId: string): Promise<Outcome> {
    const steps: ShipStep[] = [
      { name: "pack", execute: () => this.depot.pack(orderId), compensate: () => this.depot.unpack(orderId) },
      { name: "drive", execute: () => this.carrier.schedule(orderId), compensate: () => this.carrier.cancel(orderId) },
    ];
    const done: ShipStep[] = [];
    for (const step of steps) {
      try {
        await step.execute();
        done.push(step);
      } catch (error) {
        for (const finished of done.reverse()) {
          await finished.compensate();
        }
        return { status: "failed", error };
      }
    }
    return { status: "completed" };
  }
}
"#;
    assert!(found("ship.ts", text).contains(&"14 unretried-compensation".to_string()), "{:?}", found("ship.ts", text));
}

#[test]
fn what_go_only_logs_when_undoing_fails_is_swallowed() {
    let go = |handling: &str| {
        format!(
            "package trip

type Step struct {{
	Name       string
	Run        func(ctx context.Context, s *State) error
	Compensate func(ctx context.Context, s *State) error
}}

type Saga struct {{
	steps []Step
}}

func (s *Saga) Execute(ctx context.Context, state *State) error {{
	for i, step := range s.steps {{
		if err := step.Run(ctx, state); err != nil {{
			for j := i - 1; j >= 0; j-- {{
				if err := s.steps[j].Compensate(ctx, state); err != nil {{
					{handling}
				}}
			}}
			return err
		}}
	}}
	return nil
}}
"
        )
    };
    let swallowed =
        |handling: &str| found("trip.go", &go(handling)).iter().any(|f| f.ends_with("swallowed-compensation-failure"));
    assert!(swallowed("log.Printf(\"compensation failed: %v\", err)"));
    assert!(!swallowed("return fmt.Errorf(\"undo %s: %w\", step.Name, err)"));
    assert!(!swallowed("s.alerts.Raise(ctx, step.Name, err)"));
}

#[test]
fn calls_that_are_written_out_are_undone_once() {
    let java = |undo: &str| {
        format!(
            "public class TripSaga {{

    public void book(Trip trip) {{
        try {{
            flightClient.reserve(trip);
            hotelClient.reserve(trip);
            paymentClient.charge(trip);
        }} catch (Exception e) {{
            {undo}
            throw new TripFailed(e);
        }}
    }}
}}
"
        )
    };
    let told = |undo: &str| found("TripSaga.java", &java(undo)).iter().any(|f| f.ends_with("unretried-compensation"));
    assert!(told("hotelClient.cancel(trip); flightClient.cancel(trip);"));
    assert!(!told(
        "retryTemplate.execute(c -> hotelClient.cancel(trip)); retryTemplate.execute(c -> flightClient.cancel(trip));"
    ));
}

/// What a container makes has no order, and what reads a reply carries out nothing.
#[test]
fn providers_and_handlers_of_replies_are_no_steps() {
    let module = r#"import { Module } from '@nestjs/common';

export class ReserveRoomUseCase {
  async execute(cmd: Command) { await this.rooms.reserve(cmd); }
  async rollback(cmd: Command) { await this.rooms.release(cmd); }
}

export class TripSaga {
  async execute(cmd: Command) { await this.flights.book(cmd); }
  async compensate(cmd: Command) {}
}

@Module({ providers: [TripSaga, ReserveRoomUseCase] })
export class TripModule {}
"#;
    assert_eq!(found("trip.module.ts", module), [""; 0]);
    let orchestrator = "package sec

type Progress struct {
	Step         int
	Compensating bool
}

func (p *Progress) compensate() { p.Compensating = true }

func (o orchestrator) handle(ctx context.Context, progress *Progress, reply Reply) error {
	step := o.saga.steps()[progress.Step]
	if err := step.handle(ctx, progress, reply); err != nil {
		return err
	}
	if !reply.Success() {
		progress.compensate()
	}
	return o.publisher.Publish(ctx, step.execute(ctx, progress))
}
";
    assert_eq!(found("saga_orchestrator.go", orchestrator), [""; 0]);
}

#[test]
fn a_state_in_a_field_and_calls_written_out() {
    let text = r#"class PurchaseSaga {
  private state: 'STARTED' | 'BOOKED' | 'PAID' | 'UNDOING' | 'ENDED' = 'STARTED';

  constructor(private readonly rooms: RoomClient, private readonly cards: CardClient) {}

  async run(input: PurchaseInput): Promise<void> {
    try {
      const booking = await this.rooms.createBooking(input.room);
      this.state = 'BOOKED';
      const receipt = await this.cards.issueReceipt(booking.id);
      this.state = 'PAID';
      await this.cards.chargeCard(receipt.id);
      this.state = 'ENDED';
    } catch (error) {
      this.state = 'UNDOING';
      await this.undo(error);
    }
  }

  private async undo(error: Error): Promise<void> {
    await this.cards.voidReceipt();
    await this.rooms.cancelBooking();
  }
}
"#;
    assert_eq!(
        found("purchase.saga.ts", text),
        ["6 volatile-state", "8 missing-step-retry", "8 missing-step-timeout", "21 unretried-compensation"]
    );
    // Who limits and repeats the calls may be the clients, where anything speaks of it.
    let limited =
        text.replace("PurchaseInput): Promise", "PurchaseInput, timeoutMs: number, retries: number): Promise");
    assert_eq!(found("purchase.saga.ts", &limited), ["6 volatile-state", "21 unretried-compensation"]);
}

#[test]
fn steps_that_name_their_methods() {
    let text = r#"class TripSaga:
    STEPS = [
        TripStep("flight", run="book_flight", undo="cancel_flight"),
        TripStep("hotel", run="book_hotel", undo="cancel_hotel"),
    ]

    def __init__(self, flights, hotels):
        self._flights = flights
        self._hotels = hotels
        self._done = []

    def start(self, trip_id, trip):
        for step in self.STEPS:
            try:
                run = getattr(self, step.run)
                run(trip_id, trip)
                self._done.append(step)
            except Exception as error:
                self._undo(trip_id)
                raise TripFailed(step.name) from error

    def _undo(self, trip_id):
        for step in reversed(self._done):
            try:
                getattr(self, step.undo)(trip_id)
            except Exception as error:
                logger.critical("undo of %s failed: %s", step.name, error)

    def book_flight(self, trip_id, trip):
        self._flights.book(trip_id, trip["flight"])

    def cancel_flight(self, trip_id):
        self._flights.cancel(trip_id)

    def book_hotel(self, trip_id, trip):
        self._hotels.book(trip_id, trip["hotel"])

    def cancel_hotel(self, trip_id):
        self._hotels.cancel(trip_id)
"#;
    assert_eq!(
        found("trip_saga.py", text),
        [
            "1 volatile-state",
            "16 missing-step-retry",
            "16 missing-step-timeout",
            "17 shared-run-state",
            "17 uncompensated-failing-step",
            "25 unretried-compensation",
            "26 swallowed-compensation-failure",
        ]
    );
}

#[test]
fn a_step_and_its_answer_taken_from_the_list_of_what_is_done() {
    let text = r#"class TripSaga {
  constructor(tripId, steps) {
    this.tripId = tripId;
    this.steps = steps;
    this.finished = [];
  }

  async start() {
    for (let i = 0; i < this.steps.length; i++) {
      const step = this.steps[i];
      try {
        const answer = await step.action(this.tripId);
        this.finished.push({ step, answer });
        await this.keep();
      } catch (error) {
        await this.undo();
        throw error;
      }
    }
  }

  async undo() {
    for (let i = this.finished.length - 1; i >= 0; i--) {
      const { step, answer } = this.finished[i];
      await step.compensate(this.tripId, answer);
    }
  }

  async keep() {
    await db.query("UPDATE trips SET steps = $1 WHERE id = $2", [JSON.stringify(this.finished), this.tripId]);
  }
}
"#;
    assert_eq!(
        found("trip-saga.js", text),
        [
            "12 missing-step-retry",
            "12 missing-step-timeout",
            "13 uncompensated-failing-step",
            "25 unretried-compensation",
        ]
    );
}

#[test]
fn an_object_that_replies_move_on() {
    let text = r#"class BookRoomSaga:
    def __init__(self, booking_id):
        self.booking_id = booking_id
        self.state = "NEW"

    def begin(self):
        send_command("rooms", "HoldRoom", {"booking_id": self.booking_id})
        self.state = "WAITING_FOR_ROOM"

    def on_reply(self, reply):
        if self.state == "WAITING_FOR_ROOM":
            if reply["ok"]:
                send_command("cards", "ChargeCard", {"booking_id": self.booking_id})
                self.state = "WAITING_FOR_CARD"
            else:
                self.state = "REFUSED"
        elif self.state == "WAITING_FOR_CARD":
            if reply["ok"]:
                self.state = "BOOKED"
            else:
                send_command("rooms", "ReleaseRoom", {"booking_id": self.booking_id})
                self.state = "REFUSED"
"#;
    assert_eq!(found("book_room_saga.py", text), ["4 volatile-state", "7 missing-step-timeout"]);
    // Something stores the object.
    let kept = format!(
        "{text}\n\ndef on_message(message):\n    saga = sagas.load(message.key)\n    saga.on_reply(message.value)\n    sagas_repository.save(saga)\n"
    );
    assert_eq!(found("book_room_saga.py", &kept), [""; 0]);
}
