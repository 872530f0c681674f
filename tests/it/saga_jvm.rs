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
        [
            "missing-step-timeout: `OrderSaga` waits for a reply for ever",
            "OrderSaga: OrderCreated, StockRejected, OrderConfirmed"
        ]
    );
    let temporal = "package a;\nimport io.temporal.workflow.*;\n
public class TripWorkflowImpl implements TripWorkflow {
    private final TripActivities activities = Workflow.newActivityStub(TripActivities.class, OPTIONS);
    public void book(String name) {
        Saga saga = new Saga(new Saga.Options.Builder().build());
        try {
            String car = activities.reserveCar(name);
            saga.addCompensation(activities::cancelCar, car, name);
            String hotel = activities.bookHotel(name);
            saga.addCompensation(() -> activities.cancelHotel(hotel));
            activities.chargeCard(name);
        } catch (ActivityFailure e) {
            saga.compensate();
            throw e;
        }
    }
}";
    let path = "src/main/java/a/TripWorkflowImpl.java";
    assert_eq!(told(path, temporal), ["TripWorkflowImpl: reserveCar, bookHotel, chargeCard"]);
    let kept = temporal.replace("            saga.addCompensation(() -> activities.cancelHotel(hotel));\n", "");
    assert_eq!(
        told(path, &kept),
        [
            "missing-compensation: step `bookHotel` of `TripWorkflowImpl` has no compensation",
            "TripWorkflowImpl: reserveCar, bookHotel, chargeCard"
        ]
    );
}

#[test]
fn axon_without_a_failure_undoes_nothing() {
    let saga = |more: &str| {
        format!(
            "package a;\nimport org.axonframework.modelling.saga.*;\nimport org.axonframework.spring.stereotype.Saga;\n
@Saga
public class OrderSaga {{
    @StartSaga
    @SagaEventHandler(associationProperty = \"orderId\")
    public void on(OrderPlaced event) {{ commandGateway.send(new ReserveStockCommand(event.orderId())); }}
    @SagaEventHandler(associationProperty = \"orderId\")
    public void on(StockReserved event) {{ commandGateway.send(new ChargePaymentCommand(event.orderId())); }}
    {more}
    @EndSaga
    @SagaEventHandler(associationProperty = \"orderId\")
    public void on(PaymentCharged event) {{ }}
}}"
        )
    };
    let path = "src/main/java/a/OrderSaga.java";
    assert_eq!(
        told(path, &saga("")),
        [
            "missing-compensation: step `ReserveStockCommand` of `OrderSaga` has no compensation",
            "missing-step-timeout: `OrderSaga` waits for a reply for ever",
            "OrderSaga: ReserveStockCommand, ChargePaymentCommand"
        ]
    );
    let handled = "@SagaEventHandler(associationProperty = \"orderId\")
    public void on(PaymentDeclined event) { commandGateway.send(new ReleaseStockCommand(event.orderId())); }
    @DeadlineHandler public void late() { SagaLifecycle.end(); }";
    assert_eq!(told(path, &saga(handled)), ["OrderSaga: OrderPlaced, StockReserved, PaymentDeclined, PaymentCharged"]);
}

/// A class that joins what comes back about an order; how the table is made.
fn joined(table: &str) -> String {
    format!(
        "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport java.util.concurrent.*;\n
public class OrderOutcomes {{
    {table}
    private final KafkaTemplate<String, Object> kafka;
    @KafkaListener(topics = \"payments\")
    public void onPaymentOutcome(PaymentOutcome event) {{
        Outcomes outcomes = this.outcomes.computeIfAbsent(event.orderId(), id -> new Outcomes());
        outcomes.setPayment(event.status());
        finish(outcomes);
    }}
    @KafkaListener(topics = \"stock\")
    public void onStockOutcome(StockOutcome event) {{
        Outcomes outcomes = this.outcomes.computeIfAbsent(event.orderId(), id -> new Outcomes());
        outcomes.setStock(event.status());
        finish(outcomes);
    }}
}}"
    )
}

#[test]
fn outcomes_that_are_joined_in_a_map_are_lost() {
    let path = "src/main/java/a/OrderOutcomes.java";
    let found =
        told(path, &joined("private final ConcurrentHashMap<String, Outcomes> outcomes = new ConcurrentHashMap<>();"));
    assert_eq!(found[0], "volatile-state: `OrderOutcomes` keeps the progress of its saga only in memory");
    assert_eq!(told(path, &joined("private final OutcomesRepository outcomes;")), [""; 0]);
    // One message alone is no saga.
    let text = joined("private final ConcurrentHashMap<String, Outcomes> outcomes = new ConcurrentHashMap<>();");
    let one = text.replace("@KafkaListener(topics = \"stock\")", "");
    assert_eq!(told(path, &one), [""; 0]);
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

#[test]
fn steps_that_a_container_injects_get_the_id_of_a_record() {
    let path = "src/main/java/a/OrderSaga.java";
    let saga = |order: &str| {
        let text = format!(
            "package a;\nimport java.util.ArrayList;\nimport java.util.List;\n\n{order}\n
interface SagaStep {{ boolean process(Order order); boolean revert(Order order); }}\n
public class OrderSaga {{
    private final List<SagaStep> steps;
    public OrderSaga(List<SagaStep> steps) {{ this.steps = steps; }}
    public boolean start(Order order) {{
        List<SagaStep> done = new ArrayList<>();
        for (SagaStep step : steps) {{
            if (!step.process(order)) {{
                for (SagaStep each : done) {{ each.revert(order); }}
                return false;
            }}
            done.add(step);
        }}
        return true;
    }}
}}"
        );
        told(path, &text).into_iter().filter(|t| t.starts_with("missing-saga-id")).count()
    };
    assert_eq!(saga("record Order(String product, long sum) {}"), 1);
    assert_eq!(saga("record Order(java.util.UUID orderId, long sum) {}"), 0);
}

/// A chain of Reactor: its operators do nothing for the saga, what they are given does.
#[test]
fn operators_of_a_chain_are_no_steps() {
    let path = "src/main/java/a/OrderSagaSteps.java";
    let text = |body: &str| {
        format!(
            "package a;\nimport java.time.Duration;\nimport org.springframework.web.reactive.function.client.WebClient;\nimport reactor.core.publisher.Mono;\nimport reactor.util.retry.Retry;\n
public class OrderSagaSteps {{
    private final WebClient http = WebClient.create(\"http://shop\");
    private Mono<Void> reserveStock(String id) {{ return http.post().uri(\"/reserve\").retrieve().bodyToMono(Void.class); }}
    private Mono<Void> releaseStock(String id) {{ return http.post().uri(\"/release\").retrieve().bodyToMono(Void.class); }}
    private Mono<Void> chargePayment(String id) {{ return http.post().uri(\"/charge\").retrieve().bodyToMono(Void.class); }}
    {body}
}}"
        )
    };
    let volatile = |body: &str| told(path, &text(body)).into_iter().filter(|t| t.starts_with("volatile-state")).count();
    // One step is declared; whoever runs it keeps what is done.
    let declared = "SagaStep reserve(String id) { return SagaStep.builder().action(() -> reserveStock(id).timeout(Duration.ofSeconds(2)).retryWhen(Retry.backoff(3, Duration.ofMillis(50)))).compensation(() -> releaseStock(id).timeout(Duration.ofSeconds(2)).retryWhen(Retry.backoff(3, Duration.ofMillis(50)))).build(); }";
    assert_eq!(volatile(declared), 0);
    let run = "Mono<Void> place(String id) { return reserveStock(id).timeout(Duration.ofSeconds(2)).then(chargePayment(id)).onErrorResume(e -> releaseStock(id).then(Mono.error(e))); }";
    assert_eq!(volatile(run), 1);
}

#[test]
fn steps_of_a_reactive_chain_are_named_by_reference() {
    let text = "package a;
import java.util.List;
import org.springframework.stereotype.Service;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.*;
interface WorkflowStep { Mono<Boolean> process(); Mono<Boolean> revert(); }
class PaymentStep implements WorkflowStep {
    private final WebClient client;
    PaymentStep(WebClient client) { this.client = client; }
    public Mono<Boolean> process() { return client.post().uri(\"/debit\").retrieve().bodyToMono(Boolean.class); }
    public Mono<Boolean> revert() { return client.post().uri(\"/credit\").retrieve().bodyToMono(Boolean.class); }
}
class InventoryStep implements WorkflowStep {
    private final WebClient client;
    InventoryStep(WebClient client) { this.client = client; }
    public Mono<Boolean> process() { return client.post().uri(\"/deduct\").retrieve().bodyToMono(Boolean.class); }
    public Mono<Boolean> revert() { return client.post().uri(\"/add\").retrieve().bodyToMono(Boolean.class); }
}
@Service
class OrderOrchestrator {
    private final WebClient payment = WebClient.create(\"http://payment\");
    private final WebClient inventory = WebClient.create(\"http://inventory\");
    Mono<String> order(String id) {
        List<WorkflowStep> steps = List.of(new PaymentStep(payment), new InventoryStep(inventory));
        return Flux.fromStream(() -> steps.stream()).flatMap(WorkflowStep::process)
            .then(Mono.fromCallable(() -> answer(\"done\")))
            .onErrorResume(ex -> Flux.fromIterable(steps).flatMap(WorkflowStep::revert).retry(3).then(Mono.just(answer(\"undone\"))));
    }
    private String answer(String status) { Reply reply = new Reply(); reply.setStatus(status); return reply.toString(); }
}
@Data class Reply { private String status; }";
    let found = told("src/main/java/a/OrderOrchestrator.java", text);
    assert!(found.contains(&"OrderOrchestrator: PaymentStep, InventoryStep".to_owned()), "{found:#?}");
    let volatile = "volatile-state: `OrderOrchestrator` keeps the progress of its saga only in memory";
    assert!(found.contains(&volatile.to_owned()), "{found:#?}");
    let kept = text.replace("List<WorkflowStep> steps", "repository.save(id); List<WorkflowStep> steps");
    let kept = kept.replace(
        "private final WebClient payment",
        "private SagaRepository repository; private final WebClient payment",
    );
    assert!(!told("src/main/java/a/OrderOrchestrator.java", &kept).contains(&volatile.to_owned()));
}
