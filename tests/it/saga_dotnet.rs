//! Sagas in C#: state machines and sagas of message frameworks, and Temporal.

use skillcheck::check::{Request, check};

/// The saga findings as `rule: message`, then the sagas as `name: steps`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let rule = |f: &skillcheck::rules::Finding| format!("{}: {}", f.rule.trim_start_matches("saga/"), f.message);
    let findings = outcome.findings.iter().filter(|f| f.rule.starts_with("saga/")).map(rule);
    let sagas = outcome.system.map.sagas.iter().map(|s| format!("{}: {}", s.name, s.steps.join(", ")));
    findings.chain(sagas).collect()
}

/// A state machine that books a flight and a car, and what else its constructor says.
fn machine(more: &str) -> String {
    format!(
        "using MassTransit;
namespace Trips;
public class TripSaga : MassTransitStateMachine<TripState>
{{
    public State Flying {{ get; set; }}
    public State Driving {{ get; set; }}
    public Event<TripRequested> Requested {{ get; set; }}
    public Event<FlightBooked> FlightBooked {{ get; set; }}
    public Event<CarRented> CarRented {{ get; set; }}
    public TripSaga()
    {{
        InstanceState(x => x.CurrentState);
        Initially(When(Requested)
            .Then(context => context.Saga.Name = context.Message.Name)
            .TransitionTo(Flying)
            .Publish(context => new BookFlight(context.Saga.CorrelationId)));
        During(Flying, When(FlightBooked)
            .TransitionTo(Driving)
            .Publish(context => new RentCar(context.Saga.CorrelationId)));
        During(Driving, When(CarRented)
            .Publish(context => new TripBooked(context.Saga.CorrelationId))
            .Finalize());
        {more}
    }}
}}"
    )
}

fn registered(repository: &str) -> String {
    format!(
        "using MassTransit;
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddMassTransit(x =>
{{
    x.AddSagaStateMachine<TripSaga, TripState>(){repository};
    x.UsingRabbitMq((context, cfg) => cfg.ConfigureEndpoints(context));
}});
builder.Build().Run();"
    )
}

#[test]
fn a_state_machine_without_a_failure_undoes_nothing_and_waits_for_ever() {
    let state = registered(".EntityFrameworkRepository(r => r.ExistingDbContext<TripDbContext>())");
    let told = told(&[("trips/Program.cs", &state), ("trips/TripSaga.cs", &machine(""))]);
    assert_eq!(
        told,
        [
            "missing-compensation: step `BookFlight` of `TripSaga` has no compensation",
            "missing-step-timeout: `TripSaga` waits for a reply for ever",
            "TripSaga: BookFlight, RentCar"
        ]
    );
}

#[test]
fn what_handles_failures_and_limits_is_left_alone() {
    let state = registered(".MongoDbRepository(r => { r.Connection = \"mongodb://db\"; })");
    let more = "Schedule(() => Expired, x => x.Token, s => s.Delay = TimeSpan.FromMinutes(5));
        DuringAny(When(CarRejected).Publish(context => new CancelFlight(context.Saga.CorrelationId)).Finalize());";
    let told = told(&[("trips/Program.cs", &state), ("trips/TripSaga.cs", &machine(more))]);
    assert_eq!(told, ["TripSaga: BookFlight, RentCar"]);
}

#[test]
fn a_repository_in_memory_forgets() {
    let more = "Schedule(() => Expired, x => x.Token, s => s.Delay = TimeSpan.FromMinutes(5));";
    let state = registered(".InMemoryRepository()");
    let found = told(&[("trips/Program.cs", &state), ("trips/TripSaga.cs", &machine(more))]);
    assert_eq!(found[0], "volatile-state: `TripSaga` keeps the progress of its saga only in memory");
    let old = "using MassTransit.Saga;
class Program { static void Main() {
    var repository = new InMemorySagaRepository<TripState>();
    bus.ReceiveEndpoint(\"trips\", e => e.StateMachineSaga(new TripSaga(), repository));
} }";
    let found = told(&[("trips/Program.cs", old), ("trips/TripSaga.cs", &machine(more))]);
    assert_eq!(found[0], "volatile-state: `TripSaga` keeps the progress of its saga only in memory");
    // Nothing says where it is kept.
    let found = told(&[("trips/Program.cs", &registered("")), ("trips/TripSaga.cs", &machine(more))]);
    assert_eq!(found, ["TripSaga: BookFlight, RentCar"]);
}

#[test]
fn nservicebus_and_rebus_are_told_by_their_persistence() {
    let saga = "using NServiceBus;
public class OrderSaga : Saga<OrderData>, IAmStartedByMessages<PlaceOrder>, IHandleMessages<StockReserved>, IHandleTimeouts<OrderExpired>
{
    public async Task Handle(PlaceOrder message, IMessageHandlerContext context)
    {
        await RequestTimeout<OrderExpired>(context, TimeSpan.FromMinutes(5));
        await context.Send(new ReserveStock(Data.OrderId));
    }
    public Task Handle(StockReserved message, IMessageHandlerContext context) { MarkAsComplete(); return Task.CompletedTask; }
    public Task Timeout(OrderExpired state, IMessageHandlerContext context) => context.Send(new CancelOrder(Data.OrderId));
}";
    let endpoint = |persistence: &str| {
        format!(
            "using NServiceBus;\nvar endpoint = new EndpointConfiguration(\"Orders\");\nendpoint.UsePersistence<{persistence}>();\n"
        )
    };
    let told_with =
        |persistence: &str| told(&[("orders/Program.cs", &endpoint(persistence)), ("orders/OrderSaga.cs", saga)]);
    assert_eq!(told_with("SqlPersistence"), ["OrderSaga: ReserveStock"]);
    assert_eq!(
        told_with("NonDurablePersistence"),
        ["volatile-state: `OrderSaga` keeps the progress of its saga only in memory", "OrderSaga: ReserveStock"]
    );

    let rebus = "using Rebus.Sagas;
public class InvoiceSaga : Saga<InvoiceData>, IAmInitiatedBy<OrderPlaced>, IHandleMessages<InvoiceSent>
{
    public async Task Handle(OrderPlaced message) { await bus.Send(new SendInvoice(message.Id)); await bus.Defer(day, new Remind(message.Id)); }
    public Task Handle(InvoiceSent message) { MarkAsComplete(); return Task.CompletedTask; }
}";
    let storage = |store: &str| {
        format!(
            "using Rebus.Config;\nConfigure.With(activator).Transport(t => t.UseRabbitMq(url, \"invoices\")).Sagas(s => s.{store}).Start();\n"
        )
    };
    let told_with = |store: &str| told(&[("billing/Program.cs", &storage(store)), ("billing/InvoiceSaga.cs", rebus)]);
    assert_eq!(told_with("StoreInPostgres(url, \"sagas\", \"index\")"), ["InvoiceSaga: SendInvoice"]);
    assert_eq!(
        told_with("StoreInMemory()")[0],
        "volatile-state: `InvoiceSaga` keeps the progress of its saga only in memory"
    );
}

#[test]
fn temporal_runs_registered_compensations() {
    let workflow = |undo: &str| {
        format!(
            "using Temporalio.Workflows;
[Workflow]
public class TripWorkflow
{{
    [WorkflowRun]
    public async Task RunAsync(Trip trip)
    {{
        var compensations = new Stack<Func<Task>>();
        try
        {{
            await Workflow.ExecuteActivityAsync((Activities a) => a.ReserveCarAsync(trip), options);
            compensations.Push(() => Workflow.ExecuteActivityAsync((Activities a) => a.CancelCarAsync(trip), options));
            await Workflow.ExecuteActivityAsync((Activities a) => a.BookHotelAsync(trip), options);
            {undo}
            await Workflow.ExecuteActivityAsync((Activities a) => a.ChargeCardAsync(trip), options);
        }}
        catch (Exception)
        {{
            foreach (var compensation in compensations) await compensation();
            throw;
        }}
    }}
}}"
        )
    };
    let steps = "TripWorkflow: ReserveCar, BookHotel, ChargeCard";
    let hotel =
        "compensations.Push(() => Workflow.ExecuteActivityAsync((Activities a) => a.CancelHotelAsync(trip), options));";
    assert_eq!(told(&[("trips/TripWorkflow.cs", &workflow(hotel))]), [steps]);
    assert_eq!(
        told(&[("trips/TripWorkflow.cs", &workflow(""))]),
        ["missing-compensation: step `BookHotel` of `TripWorkflow` has no compensation", steps]
    );
}

#[test]
fn waiting_for_a_reply_with_a_limit_is_no_saga() {
    let waiting = |steps: &str| {
        format!(
            "using System;
using System.Threading;
using System.Threading.Tasks;
namespace Trips;
public class TripSagaContext
{{
    private readonly IHotels hotels;
    public CancellationToken Stopping {{ get; init; }}
    public async Task<T> AwaitReply<T>(TimeSpan limit, CancellationToken ct = default) where T : class
    {{
        var reply = new TaskCompletionSource<T>();
        var source = CancellationTokenSource.CreateLinkedTokenSource(ct, Stopping);
        source.CancelAfter(limit);
        source.Token.Register(() => reply.TrySetCanceled(source.Token));
        {steps}
        return await reply.Task;
    }}
}}
"
        )
    };
    assert_eq!(told(&[("trips/TripSagaContext.cs", &waiting(""))]), [""; 0]);
    // What is done and undone beside it still counts.
    let steps = "await hotels.ReserveRoom(ct); try { await hotels.BookFlight(ct); } catch { await hotels.CancelRoom(ct); throw; }";
    let found = told(&[("trips/TripSagaContext.cs", &waiting(steps))]);
    assert!(found.contains(&"TripSagaContext: ReserveRoom, BookFlight".to_owned()), "{found:?}");
}
