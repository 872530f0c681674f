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
