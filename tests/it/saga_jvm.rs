//! Sagas in Java and Kotlin: what each engine keeps, and what has no compensation.

use skillcheck::check::{Request, check};

/// The saga findings as `rule line`, then the sagas as `name: steps`.
fn told(path: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let rule = |f: &skillcheck::rules::Finding| format!("{}: {}", f.rule.trim_start_matches("saga/"), f.message);
    let findings = outcome.findings.iter().filter(|f| f.rule.starts_with("saga/")).map(rule);
    let sagas = outcome.system.map.sagas.iter().map(|s| format!("{}: {}", s.name, s.steps.join(", ")));
    findings.chain(sagas).collect()
}

fn eventuate(reserve: &str) -> String {
    format!(
        "package a;\nimport io.eventuate.tram.sagas.orchestration.SagaDefinition;\nimport io.eventuate.tram.sagas.simpledsl.SimpleSaga;\n
public class CreateOrderSaga implements SimpleSaga<Data> {{
    private SagaDefinition<Data> definition =
        step()
            .invokeLocal(this::create)
            .withCompensation(this::reject)
        .step()
            .invokeParticipant(stock.reserve, Data::makeReserve){reserve}
        .step()
            .invokeParticipant(kitchen.createTicket, Data::makeTicket)
            .withCompensation(kitchen.cancelTicket, Data::makeCancel)
        .step()
            .invokeParticipant(accounting.authorize, Data::makeAuthorize)
        .step()
            .invokeParticipant(kitchen.confirmTicket, Data::makeConfirm)
        .build();
}}"
    )
}

#[test]
fn eventuate_repeats_what_follows_the_pivot_and_undoes_what_stands_before() {
    let path = "src/main/java/a/CreateOrderSaga.java";
    let steps = "CreateOrderSaga: create, reserve, createTicket, authorize, confirmTicket";
    assert_eq!(told(path, &eventuate(".withCompensation(stock.release, Data::makeRelease)")), [steps]);
    assert_eq!(
        told(path, &eventuate("")),
        ["missing-compensation: step `reserve` of `CreateOrderSaga` has no compensation", steps]
    );
}

#[test]
fn axon_and_temporal_keep_their_sagas() {
    let axon = "package a\nimport org.axonframework.modelling.saga.*\nimport org.axonframework.spring.stereotype.Saga\n
@Saga
class OrderSaga {
    @StartSaga
    @SagaEventHandler(associationProperty = \"orderId\")
    fun on(event: OrderCreated) { commands.send(ReserveStock(event.orderId)) }
    @SagaEventHandler(associationProperty = \"orderId\")
    fun on(event: StockRejected) { commands.send(RejectOrder(event.orderId)) }
    @EndSaga
    @SagaEventHandler(associationProperty = \"orderId\")
    fun on(event: OrderConfirmed) { }
}";
    assert_eq!(
        told("src/main/kotlin/a/OrderSaga.kt", axon),
        ["OrderSaga: OrderCreated, StockRejected, OrderConfirmed"]
    );
    let temporal = "package a;\nimport io.temporal.workflow.*;\n
public class TripWorkflowImpl implements TripWorkflow {
    public void book(String name) {
        Saga saga = new Saga(new Saga.Options.Builder().build());
        try {
            String car = activities.reserveCar(name);
            saga.addCompensation(activities::cancelCar, car, name);
            String hotel = activities.bookHotel(name);
            saga.addCompensation(() -> activities.cancelHotel(hotel));
        } catch (ActivityFailure e) {
            saga.compensate();
            throw e;
        }
    }
}";
    assert_eq!(told("src/main/java/a/TripWorkflowImpl.java", temporal), ["TripWorkflowImpl: cancelCar, compensation"]);
}

/// One call after the other, undone in a handler.
fn orchestrator(undo: &str) -> String {
    format!(
        "package a;\nimport org.springframework.web.client.RestTemplate;\n
public class OrderSagaOrchestrator {{
    private final RestTemplate rest = new RestTemplate();
    public void placeOrder(Order order) {{
        reserveStock(order);
        try {{
            chargePayment(order);
            shipOrder(order);
        }} catch (RuntimeException e) {{
            {undo}
            throw e;
        }}
    }}
    private void reserveStock(Order o) {{ rest.postForObject(\"http://stock/reserve\", o, Void.class); }}
    private void releaseStock(Order o) {{ rest.postForObject(\"http://stock/release\", o, Void.class); }}
    private void chargePayment(Order o) {{ rest.postForObject(\"http://payment/charge\", o, Void.class); }}
    private void refundPayment(Order o) {{ rest.postForObject(\"http://payment/refund\", o, Void.class); }}
    private void shipOrder(Order o) {{ rest.postForObject(\"http://shipping/ship\", o, Void.class); }}
}}"
    )
}

#[test]
fn hand_written_orchestrators() {
    let path = "src/main/java/a/OrderSagaOrchestrator.java";
    let rules = |undo: &str| -> Vec<String> {
        told(path, &orchestrator(undo)).into_iter().filter(|t| t.starts_with("missing-compensation")).collect()
    };
    assert_eq!(rules("refundPayment(order); releaseStock(order);"), [""; 0]);
}
