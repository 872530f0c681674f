//! Hand-written sagas in forms of their own: who carries a step out, who undoes it and from which record says what
//! they are, not how they are put down.

use crate::support::{folder, skillcheck_in};

/// The findings about sagas in some files, as `line rule`, in order.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", "saga", "--preview", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let rule = |f: &serde_json::Value| f["rule"].as_str().unwrap().trim_start_matches("saga/").to_string();
    findings.iter().map(|f| format!("{} {}", f["line"], rule(f))).collect()
}

#[test]
fn commands_by_their_routing_key() {
    let text = "class TripSaga {
  async run(trip) {
    const sagaId = uuid();
    try {
      await bus.publish('seats.reserve', { sagaId, seats: trip.seats });
      await answer('seats.reserved', sagaId);
      await bus.publish('card.charge', { sagaId, amount: trip.price });
      await answer('card.charged', sagaId);
    } catch (error) {
      await bus.publish('card.refund', { sagaId });
      await bus.publish('seats.release', { sagaId });
    }
  }
}
";
    assert_eq!(found(&[("trip-saga.js", text)]), ["2 volatile-state", "10 unretried-compensation"]);
    // Events that tell what happened are neither steps nor undos.
    let said =
        [("reserve'", "reserved'"), ("charge'", "charged'"), ("refund'", "refunded'"), ("release'", "released'")];
    let events = said.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to));
    assert_eq!(found(&[("trip-saga.js", &events)]), [""; 0]);
}

#[test]
fn steps_that_are_handed_to_a_helper_with_their_name() {
    let text = r#"@Service
class RentalSaga(
    private val cars: CarClient,
    private val cards: CardClient,
    private val sagaRepository: SagaRepository
) {
    fun start(command: RentCommand): Outcome {
        val sagaId = UUID.randomUUID().toString()
        try {
            step(sagaId, "ReserveCar") { cars.reserveCar(command.carId) }
            step(sagaId, "ChargeCard") { cards.chargeCard(command.amount) }
            return Outcome.Done
        } catch (e: Exception) {
            cards.refundCard(sagaId)
            cars.releaseCar(sagaId)
            throw e
        }
    }

    private fun <T> step(sagaId: String, name: String, action: () -> T): T {
        val result = action()
        sagaRepository.save(sagaRepository.findById(sagaId)!!.with(name))
        return result
    }
}
"#;
    assert_eq!(
        found(&[("RentalSaga.kt", text)]),
        ["10 missing-step-retry", "10 missing-step-timeout", "14 unretried-compensation"]
    );
    // Where more of the service is there, its clients may do both.
    let clients = "class CarClient { fun reserveCar(id: String) {} }\n";
    assert_eq!(found(&[("RentalSaga.kt", text), ("Clients.kt", clients)]), [""; 0]);
}

const GO_SAGA: &str = "package booking

type Saga struct {
\tID    string
\tSteps []*SagaStep
\tAt    int
}

type SagaStep struct {
\tName       string
\tAction     func() error
\tCompensate func() error
\tStatus     string
}

func (s *Saga) AddStep(name string, action, compensate func() error) {
\ts.Steps = append(s.Steps, &SagaStep{Name: name, Action: action, Compensate: compensate})
}

func (s *Saga) Execute() error {
\tfor i, step := range s.Steps {
\t\ts.At = i
\t\tstep.Status = Running
\t\tif err := step.Action(); err != nil {
\t\t\tstep.Status = Failed
\t\t\tif undoErr := s.undo(); undoErr != nil {
\t\t\t\treturn undoErr
\t\t\t}
\t\t\treturn err
\t\t}
\t\tstep.Status = Done
\t}
\treturn nil
}

func (s *Saga) undo() error {
\tfor i := s.At; i >= 0; i-- {
\t\tif s.Steps[i].Status != Done {
\t\t\tcontinue
\t\t}
\t\tif err := s.Steps[i].Compensate(); err != nil {
\t\t\treturn err
\t\t}
\t}
\treturn nil
}
";

const GO_STEPS: &str = "package booking

type BookingSaga struct {
\trooms *RoomService
\tcards *CardService
}

func (b *BookingSaga) Start(stay *Stay) error {
\tsaga := NewSaga(fmt.Sprintf(\"stay-%s\", stay.ID))
\tsaga.AddStep(\"ReserveRoom\",
\t\tfunc() error { return b.rooms.ReserveRoom(stay.ID) },
\t\tfunc() error { return b.rooms.ReleaseRoom(stay.ID) })
\tsaga.AddStep(\"ChargeCard\",
\t\tfunc() error { return b.cards.ChargeCard(stay.ID) },
\t\tfunc() error { return b.cards.RefundCard(stay.ID) })
\treturn saga.Execute()
}
";

#[test]
fn what_adds_steps_is_not_a_second_saga() {
    assert_eq!(
        found(&[("saga.go", GO_SAGA), ("steps.go", GO_STEPS)]),
        [
            "3 volatile-state",
            "24 missing-step-retry",
            "24 missing-step-timeout",
            "31 uncompensated-failing-step",
            "41 unretried-compensation"
        ]
    );
}

#[test]
fn a_state_of_the_step_that_undoing_asks_for() {
    let late = |text: &str| -> Vec<String> {
        let found = found(&[("saga.go", text), ("steps.go", GO_STEPS)]);
        found.into_iter().filter(|f| f.ends_with("uncompensated-failing-step")).collect()
    };
    assert_eq!(late(GO_SAGA), ["31 uncompensated-failing-step"]);
    // What is asked for is set before the call.
    assert_eq!(late(&GO_SAGA.replace("Status != Done", "Status != Running")), [""; 0]);
    // The step that failed is undone too.
    let both = GO_SAGA.replace("s.Steps[i].Status != Done", "s.Steps[i].Status != Done && s.Steps[i].Status != Failed");
    assert_eq!(late(&both), [""; 0]);
}

#[test]
fn what_undoes_stands_behind_an_interface() {
    let saga = "package rental

type Undoing interface {
\tCompensate(ctx context.Context, steps []*Step, failed int) error
}

type Saga struct {
\tSteps   []*Step
\tundoing Undoing
}

func (s *Saga) Run(ctx context.Context) error {
\tfor i, step := range s.Steps {
\t\tif err := step.Execute(ctx); err != nil {
\t\t\treturn s.undoing.Compensate(ctx, s.Steps, i)
\t\t}
\t}
\treturn nil
}
";
    let undoing = |from: &str| {
        format!(
            "package rental

type Backwards struct{{}}

func (b *Backwards) Compensate(ctx context.Context, steps []*Step, failed int) error {{
\tfor i := {from}; i >= 0; i-- {{
\t\tif err := steps[i].Compensate(ctx); err != nil {{
\t\t\treturn err
\t\t}}
\t}}
\treturn nil
}}
"
        )
    };
    let late = |from: &str| {
        let found = found(&[("saga.go", saga), ("undoing.go", &undoing(from))]);
        found.into_iter().filter(|f| f.contains("failing-step") || f.contains("unretried")).collect::<Vec<_>>()
    };
    assert_eq!(late("failed - 1"), ["15 unretried-compensation", "6 uncompensated-failing-step"]);
    assert_eq!(late("failed"), ["15 unretried-compensation"]);
}

#[test]
fn a_part_of_a_dictionary_in_memory() {
    let text = "class TourSaga:
    def __init__(self, seats, cards):
        self.sagas = {}
        self.seats = seats
        self.cards = cards

    def start(self, saga_id, tour):
        self.sagas[saga_id] = {'saga_steps': [], 'state': 'running'}
        try:
            self.seats.reserve(tour)
            self.sagas[saga_id]['saga_steps'].append('seats')
            self.cards.charge(tour)
            self.sagas[saga_id]['saga_steps'].append('cards')
        except Exception:
            self.cards.refund(tour)
            self.seats.release(tour)
            raise
";
    let volatile = |text: &str| found(&[("tour_saga.py", text)]).into_iter().any(|f| f == "7 volatile-state");
    assert!(volatile(text));
    // What the runs are kept in is not known.
    assert!(!volatile(&text.replace("self.sagas = {}", "self.sagas = saga_store")));
}

#[test]
fn the_branch_of_a_step_that_failed_undoes_only_those_before_it() {
    let go = "package order

func (s *OrderSaga) Place(o *Order) error {
\tif err := s.stock.Reserve(o.ID); err != nil {
\t\treturn err
\t}
\tif err := s.cards.Charge(o.ID); err != nil {
\t\ts.stock.Release(o.ID)
\t\treturn err
\t}
\tif err := s.parcels.Ship(o.ID); err != nil {
\t\ts.cards.Refund(o.ID)
\t\ts.stock.Release(o.ID)
\t\treturn err
\t}
\treturn nil
}
";
    let late = |path: &str, text: &str| -> Vec<String> {
        let found = found(&[(path, text)]);
        found.into_iter().filter(|f| f.ends_with("uncompensated-failing-step")).collect()
    };
    assert_eq!(late("order_saga.go", go), ["7 uncompensated-failing-step"]);
    let all = go.replacen("\t\ts.stock.Release", "\t\ts.cards.Refund(o.ID)\n\t\ts.stock.Release", 1);
    assert_eq!(late("order_saga.go", &all), [""; 0]);
    let python = "class OrderSaga:
    def place(self, order):
        try:
            self.stock.reserve(order)
            self.card.charge(order)
            self.parcel.ship(order)
        except CardError:
            self.stock.release(order)
            raise
        except ParcelError:
            self.card.refund(order)
            self.stock.release(order)
            raise
";
    assert_eq!(late("order_saga.py", python), ["7 uncompensated-failing-step"]);
    let one =
        python.replace("            self.stock.release(order)\n            raise\n        except ParcelError:\n", "");
    assert_eq!(late("order_saga.py", &one), [""; 0]);
}

/// The rules that a list of steps in memory breaks, where every call gets one attempt and what failed is not undone.
const ALL: [&str; 6] = [
    "missing-saga-id",
    "missing-step-retry",
    "missing-step-timeout",
    "uncompensated-failing-step",
    "unretried-compensation",
    "volatile-state",
];

fn rules(path: &str, text: &str) -> Vec<String> {
    let mut found: Vec<String> =
        found(&[(path, text)]).into_iter().filter_map(|f| f.split(' ').nth(1).map(ToString::to_string)).collect();
    found.sort();
    found
}

#[test]
fn verbs_of_ones_own() {
    let text = "class Stop:
    def __init__(self, name, go_ahead, take_back):
        self.name = name
        self.go_ahead = go_ahead
        self.take_back = take_back


class TourSaga:
    def __init__(self, stops):
        self.stops = stops

    async def run(self, tour):
        reached = []
        for stop in self.stops:
            try:
                await stop.go_ahead(tour)
                reached.append(stop)
            except Exception:
                for stop in reversed(reached):
                    await stop.take_back(tour)
                raise
";
    assert_eq!(rules("tour_saga.py", text), ALL);
    // What the error path calls belongs to another list.
    assert_eq!(rules("tour_saga.py", &text.replace("reversed(reached)", "self.listeners")), [""; 0]);
    // Nothing says that it is a saga.
    let plain = text.replace("TourSaga", "Tour");
    assert_eq!(rules("tour.py", &plain), [""; 0]);
}

#[test]
fn tuples_and_stacks() {
    let csharp = "public class MoneySaga
{
    private readonly (Func<Task> There, Func<Task> Back)[] _legs;

    public MoneySaga((Func<Task> There, Func<Task> Back)[] legs) => _legs = legs;

    public async Task RunAsync()
    {
        var done = new Stack<(Func<Task> There, Func<Task> Back)>();
        foreach (var leg in _legs)
        {
            try
            {
                await leg.There();
                done.Push(leg);
            }
            catch
            {
                while (done.TryPop(out var last))
                {
                    await last.Back();
                }
                throw;
            }
        }
    }
}
";
    assert_eq!(rules("MoneySaga.cs", csharp), ALL);
    let script = "export async function orderSaga(order, stock, cards) {
  const legs = [
    [() => stock.reserve(order.sku), () => stock.release(order.sku)],
    [() => cards.charge(order.sum), () => cards.refund(order.sum)],
  ];
  const ways = [];
  for (const [there, back] of legs) {
    try {
      await there();
      ways.unshift(back);
    } catch (e) {
      for (const way of ways) await way();
      throw e;
    }
  }
}
";
    assert_eq!(rules("order-saga.js", script), ALL);
}

#[test]
fn the_position_of_the_last_step() {
    let text = "public class ParcelSaga {
    private final List<Leg> legs;

    public ParcelSaga(List<Leg> legs) { this.legs = legs; }

    public void run(Parcel parcel) {
        int reached = -1;
        try {
            for (int i = 0; i < legs.size(); i++) {
                legs.get(i).commit(parcel);
                reached = i;
            }
        } catch (RuntimeException e) {
            for (int i = reached; i >= 0; i--) {
                legs.get(i).unwind(parcel);
            }
            throw e;
        }
    }
}
";
    assert_eq!(rules("ParcelSaga.java", text), ALL);
    let first = text.replace(
        "                legs.get(i).commit(parcel);\n                reached = i;\n",
        "                reached = i;\n                legs.get(i).commit(parcel);\n",
    );
    assert!(!rules("ParcelSaga.java", &first).contains(&"uncompensated-failing-step".into()));
}

#[test]
fn undos_on_a_stack_and_promises_one_after_the_other() {
    let kotlin = "class SignupSaga(private val accounts: AccountClient, private val plans: PlanClient) {
    suspend fun signUp(user: User) {
        val undo = ArrayDeque<suspend () -> Unit>()
        try {
            accounts.create(user)
            undo.addFirst { accounts.delete(user) }
            plans.book(user)
            undo.addFirst { plans.cancel(user) }
        } catch (e: Exception) {
            undo.forEach { it() }
            throw e
        }
    }
}
";
    let found_there = rules("SignupSaga.kt", kotlin);
    assert!(found_there.contains(&"uncompensated-failing-step".into()), "{found_there:?}");
    assert!(found_there.contains(&"volatile-state".into()), "{found_there:?}");
    let script = "const stock = require('./stock');
const cards = require('./cards');

exports.checkoutSaga = (order) =>
  stock.reserve(order.id)
    .then(() => cards.charge(order.id).catch((e) => stock.release(order.id).then(() => { throw e; })));
";
    let found_there = rules("checkoutSaga.js", script);
    assert!(found_there.contains(&"volatile-state".into()), "{found_there:?}");
    assert!(!found_there.contains(&"missing-compensation".into()), "{found_there:?}");
}

/// A saga whose loop asks the saga's own record what is completed, and goes on when a compensation failed.
const BY_RECORD: &str = "interface Step {
  name: string;
  timeoutMs: number;
  action: (saga: Saga) => Promise<void>;
  compensation: (saga: Saga) => Promise<void>;
}

class TripOrchestrator {
  constructor(private sagaStore: SagaStore) {}

  async execute(sagaId: string, steps: Step[]): Promise<void> {
    const saga = await this.sagaStore.create(sagaId);
    for (const step of steps) {
      if (!(await this.executeWithRetry(saga, step))) {
        await this.undo(saga, steps);
        return;
      }
    }
    await this.sagaStore.complete(saga);
  }

  private async executeWithRetry(saga: Saga, step: Step): Promise<boolean> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      try {
        const result = await withTimeout(step.action(saga), step.timeoutMs);
        saga.addCompletedStep(step.name, result);
        await this.sagaStore.save(saga);
        return true;
      } catch (err) {
        await sleep(100 * Math.pow(2, attempt));
      }
    }
    return false;
  }

  private async undo(saga: Saga, steps: Step[]): Promise<void> {
    for (const step of [...steps].reverse()) {
      if (saga.hasCompleted(step.name)) {
        try {
          await step.compensation(saga);
        } catch (err) {
          saga.markStepCompensationFailed(step.name, err.message);
        }
        await this.sagaStore.save(saga);
      }
    }
    saga.markFailed();
    await this.sagaStore.save(saga);
  }
}
";

#[test]
fn what_is_done_is_asked_of_the_record_of_the_saga() {
    assert_eq!(
        found(&[("trip-saga.ts", BY_RECORD)]),
        ["26 uncompensated-failing-step", "40 unretried-compensation", "47 ambiguous-terminal-state"]
    );
    // What was only begun is undone too; the end tells whether everything is undone.
    let begun = BY_RECORD
        .replace("saga.hasCompleted(step.name)", "saga.hasStarted(step.name) || saga.hasCompleted(step.name)")
        .replace("saga.markFailed()", "saga.markCompensated()")
        .replace(
            "} catch (err) {\n          saga.mark",
            "} catch (err) {\n          failed = true;\n          saga.mark",
        )
        .replace("    saga.markComp", "    if (failed) return saga.markStuck();\n    saga.markComp");
    let told = found(&[("trip-saga.ts", &begun)]);
    assert!(!told.iter().any(|f| f.contains("ambiguous") || f.contains("failing")), "{told:?}");
}

/// A saga whose record is told of each step and stored at both ends.
const AT_BOTH_ENDS: &str = "@Service
public class TripSagaOrchestrator {
    private final SagaStateRepository sagaRepository;
    private final SeatService seats;
    private final CardService cards;

    public void execute(TripId tripId) {
        SagaState saga = SagaState.start(tripId);
        sagaRepository.save(saga);
        try {
            seats.reserve(tripId);
            saga.completeStep(SagaStep.SEATS);
            cards.charge(tripId);
            saga.completeStep(SagaStep.CARD);
            saga.markComplete();
            sagaRepository.save(saga);
        } catch (Exception e) {
            undo(saga);
            throw new TripFailedException(tripId, e);
        }
    }

    private void undo(SagaState saga) {
        for (SagaStep step : saga.getCompletedSteps()) {
            try {
                switch (step) {
                    case CARD -> cards.refund(saga.getTripId());
                    case SEATS -> seats.release(saga.getTripId());
                }
            } catch (Exception e) {
                saga.recordCompensationFailure(step, e.getMessage());
            }
        }
        saga.markCompensated();
        sagaRepository.save(saga);
    }
}
";

#[test]
fn compensated_is_said_although_a_compensation_may_have_failed() {
    let text = AT_BOTH_ENDS;
    let told = |text: &str| {
        let found = found(&[("TripSagaOrchestrator.java", text)]);
        found.into_iter().filter(|f| f.contains("ambiguous") || f.contains("failing")).collect::<Vec<_>>()
    };
    assert_eq!(told(text), ["12 uncompensated-failing-step", "34 ambiguous-terminal-state"]);
    let raises = text.replace("e.getMessage());\n", "e.getMessage());\n                throw e;\n");
    assert_eq!(told(&raises), ["12 uncompensated-failing-step"]);
}

#[test]
fn an_answer_that_nobody_looks_at_is_a_dropped_failure() {
    let text = "import requests


class TripSaga:
    def __init__(self):
        self.steps = [
            SagaStep('seats', self.reserve_seats, self.release_seats),
            SagaStep('card', self.charge_card, self.refund_card),
        ]

    def execute(self, saga_id, data):
        done = []
        for step in self.steps:
            try:
                result = step.action(data)
                done.append(step)
            except Exception:
                for other in reversed(done):
                    other.compensate(data)
                raise

    def reserve_seats(self, data):
        response = requests.post('http://seats/reservations', json=data, timeout=3)
        response.raise_for_status()
        return response.json()['reservationId']

    def release_seats(self, data):
        requests.post('http://seats/releases', json={'id': data['reservationId']}, timeout=3)
";
    let told = |text: &str| {
        let found = found(&[("trip_saga.py", text)]);
        found.into_iter().filter(|f| f.contains("swallowed") || f.contains("result")).collect::<Vec<_>>()
    };
    assert_eq!(told(text), ["15 compensation-without-result", "28 swallowed-compensation-failure"]);
    let looked = text
        .replace("'reservationId']}, timeout=3)", "'reservationId']}, timeout=3).raise_for_status()")
        .replace("done.append(step)", "done.append((step, result))");
    assert_eq!(told(&looked), [""; 0]);
}

#[test]
fn a_choreography_that_keeps_nothing() {
    let text = "class TripChoreographySaga:
    def __init__(self, event_bus):
        self.event_bus = event_bus
        self.event_bus.subscribe('SeatsReserved', self._on_seats_reserved)
        self.event_bus.subscribe('CardCharged', self._on_card_charged)
        self.event_bus.subscribe('CardRefused', self._on_card_refused)

    async def _on_seats_reserved(self, event):
        await self.event_bus.publish('ChargeCard', {'saga_id': event['saga_id']})

    async def _on_card_charged(self, event):
        await self.event_bus.publish('SendTickets', {'saga_id': event['saga_id']})

    async def _on_card_refused(self, event):
        await self.event_bus.publish('ReleaseSeats', {'saga_id': event['saga_id']})
";
    assert_eq!(found(&[("trips.py", text)]), ["8 unchecked-reply", "9 missing-step-timeout"]);
    // It asks a store where the saga stands.
    let kept = text.replace(
        "        await self.event_bus.publish('C",
        "        if not await self.sagas.state_is(event['saga_id'], 'reserving'):\n            return\n        await self.event_bus.publish('C",
    );
    assert_eq!(found(&[("trips.py", &kept)]), [""; 0]);
}

#[test]
fn an_answer_that_is_made_is_no_step() {
    let text = "class OrderSaga
{
    public async Task<OrderResult> Run(CreateOrder request)
    {
        var order = await _orders.CreateOrder(request);
        var payment = await _payments.ProcessPayment(order);
        if (!payment.Success)
        {
            await _orders.CancelOrder(order.Id);
            return OrderResult.Failed(payment.Error);
        }
        var stock = await _stock.ReserveStock(order);
        if (!stock.Success)
        {
            await _payments.RefundPayment(payment.Id);
            await _orders.CancelOrder(order.Id);
            return OrderResult.Failed(stock.Error);
        }
        return OrderResult.Succeeded(order);
    }
}
";
    let told = found(&[("OrderSaga.cs", text)]);
    assert!(!told.iter().any(|f| f.contains("missing-compensation")), "{told:?}");
}

#[test]
fn an_orchestrator_that_an_object_keeps_for_all_runs() {
    let text =
        "interface Step { name: string; execute: () => Promise<Result>; compensate: (result: Result) => Promise<void> }

class Orchestrator {
  private steps: Step[] = [];
  private completedSteps: Map<string, Result> = new Map();

  addStep(step: Step): void { this.steps.push(step); }

  async execute(): Promise<void> {
    try {
      for (const step of this.steps) {
        this.completedSteps.set(step.name, await step.execute());
      }
    } catch (error) {
      for (const step of this.steps) {
        await step.compensate(this.completedSteps.get(step.name));
      }
      throw error;
    }
  }
}

export class TripSaga {
  private orchestrator: Orchestrator;

  constructor() {
    this.orchestrator = new Orchestrator();
  }

  async run(trip: Trip): Promise<void> {
    this.trip = trip;
    await this.orchestrator.execute();
  }
}
";
    let shared = |text: &str| found(&[("trip.saga.ts", text)]).iter().any(|f| f.ends_with("shared-run-state"));
    assert!(shared(text));
    // A new one for each run.
    let own = text
        .replace("    this.orchestrator = new Orchestrator();\n", "")
        .replace("    this.trip = trip;\n", "    this.orchestrator = new Orchestrator();\n");
    assert!(!shared(&own));
}

#[test]
fn the_ends_of_a_saga_as_constants_of_go() {
    let text = "package trips

type Saga struct {
	ID     string
	Status Status
}

func (o *TripSaga) Run(ctx context.Context, saga *Saga) error {
	var done []Step
	for _, step := range o.steps {
		if err := step.Execute(ctx); err != nil {
			for i := len(done) - 1; i >= 0; i-- {
				done[i].Compensate(ctx)
			}
			saga.Status = StatusFailed
			o.store.Save(ctx, saga)
			return err
		}
		done = append(done, step)
	}
	saga.Status = StatusCompleted
	return o.store.Save(ctx, saga)
}

type Step struct {
	Execute    func(ctx context.Context) error
	Compensate func(ctx context.Context) error
}

type TripSaga struct {
	steps []Step
	store Store
}
";
    let told = |text: &str| found(&[("trips.go", text)]).iter().any(|f| f == "15 ambiguous-terminal-state");
    assert!(told(text), "{:?}", found(&[("trips.go", text)]));
    assert!(!told(&text.replace("StatusFailed", "StatusCompensated")));
}

#[test]
fn what_is_stored_at_both_ends_says_nothing_of_what_is_between() {
    let record = "
class SagaState {
    private List<SagaStep> completedSteps = new ArrayList<>();

    public void completeStep(SagaStep step) {
        completedSteps.add(step);
    }
}
";
    let text = format!("{AT_BOTH_ENDS}{record}");
    let told = |text: &str| {
        let found = found(&[("TripSagaOrchestrator.java", text)]);
        found.into_iter().filter(|f| f.contains("volatile")).collect::<Vec<_>>()
    };
    assert_eq!(told(&text), ["12 volatile-state"]);
    let stored = text.replace(
        "Step.SEATS);\n            cards",
        "Step.SEATS);\n            sagaRepository.save(saga);\n            cards",
    );
    assert_ne!(stored, text);
    assert_eq!(told(&stored), [""; 0]);
}

#[test]
fn a_compensation_is_known_though_its_name_is_misspelt() {
    let text = "export class TripSaga {
  private steps: Step[] = [];
  private successfulSteps: Step[] = [];

  constructor(first: SeatStep, second: CardStep) {
    this.steps = [first, second];
  }

  async execute(trip: Trip) {
    for (const step of this.steps) {
      try {
        await step.invoke(trip);
        this.successfulSteps.unshift(step);
      } catch (error) {
        this.successfulSteps.forEach(async (s) => {
          await s.withCompenstation(trip);
        });
        throw error;
      }
    }
  }
}

abstract class Step {
  abstract invoke(trip: Trip): Promise<void>;
  abstract withCompenstation(trip: Trip): Promise<void>;
}

class SeatStep extends Step {
  async invoke(trip: Trip) { await this.client.send('seats.reserve', trip); }
  async withCompenstation(trip: Trip) { await this.client.send('seats.release', trip); }
}

class CardStep extends Step {
  async invoke(trip: Trip) { await this.client.send('card.charge', trip); }
  async withCompenstation(trip: Trip) { await this.client.send('card.refund', trip); }
}
";
    let told = found(&[("trip.saga.ts", text)]);
    assert!(told.contains(&"1 volatile-state".to_string()), "{told:?}");
}
