//! Sagas in Go: lists of steps, calls one after the other, and workflows of Temporal.

use skillcheck::check::{Request, check};

/// The findings of one rule, without the rule, and the sagas as `name: steps`.
fn told(text: &str, rule: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("go.mod"), "module shop\n\ngo 1.22\n").unwrap();
    let path = folder.path().join("internal/orders/saga.go");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let rule = format!("saga/{rule}");
    let findings = outcome.findings.iter().filter(|f| f.rule == rule).map(|f| f.message.clone());
    let sagas = outcome.system.map.sagas.iter().map(|s| format!("{}: {}", s.name, s.steps.join(", ")));
    findings.chain(sagas).collect()
}

/// An orchestrator with a list of steps, of which the second has the given undo.
fn steps(undo: &str) -> String {
    format!(
        "package orders

import (
	\"context\"
	\"net/http\"
)

type Step struct {{
	Name       string
	Execute    func(ctx context.Context, order Order) error
	Compensate func(ctx context.Context, order Order) error
}}

type OrderSaga struct {{
	stock    StockClient
	payments PaymentClient
	shipping ShippingClient
}}

func (s *OrderSaga) Run(ctx context.Context, order Order) error {{
	steps := []Step{{
		{{Name: \"reserve-stock\", Execute: s.stock.Reserve, Compensate: s.stock.Release}},
		{{Name: \"charge-card\", Execute: s.payments.Charge{undo}}},
		{{Name: \"ship-order\", Execute: s.shipping.Ship}},
	}}
	var done []Step
	for _, step := range steps {{
		if err := step.Execute(ctx, order); err != nil {{
			for i := len(done) - 1; i >= 0; i-- {{
				if done[i].Compensate != nil {{
					done[i].Compensate(ctx, order)
				}}
			}}
			return err
		}}
		done = append(done, step)
	}}
	return nil
}}"
    )
}

#[test]
fn a_step_of_a_list_without_an_undo_is_told() {
    let told_with = |undo: &str| told(&steps(undo), "missing-compensation");
    assert_eq!(told_with(", Compensate: s.payments.Refund"), ["OrderSaga: reserve-stock, charge-card, ship-order"]);
    assert_eq!(
        told_with(""),
        ["step `charge-card` of `OrderSaga` has no compensation", "OrderSaga: reserve-stock, charge-card, ship-order"]
    );
}

#[test]
fn a_list_in_local_variables_is_lost_with_the_process() {
    let told = told(&steps(", Compensate: s.payments.Refund"), "volatile-state");
    assert_eq!(told[0], "`OrderSaga` keeps the progress of its saga only in memory");
}

/// Calls one after the other; what is undone when the last one fails.
fn flow(undo: &str) -> String {
    format!(
        "package orders

func (o *OrderOrchestrator) PlaceOrder(ctx context.Context, order Order) error {{
	if err := o.stock.ReserveStock(ctx, order); err != nil {{
		return err
	}}
	if err := o.payments.ChargePayment(ctx, order); err != nil {{
		{undo}
		return err
	}}
	if err := o.shipping.ShipOrder(ctx, order); err != nil {{
		o.payments.RefundPayment(ctx, order)
		{undo}
		return err
	}}
	return nil
}}"
    )
}

#[test]
fn a_call_that_no_error_branch_undoes_is_told() {
    let told_with = |undo: &str| told(&flow(undo), "missing-compensation");
    let steps = "OrderOrchestrator: ReserveStock, ChargePayment, ShipOrder";
    let name = |found: &[String]| found.last().is_some_and(|f| f.ends_with(": ReserveStock, ChargePayment, ShipOrder"));
    assert!(name(&told_with("o.stock.ReleaseStock(ctx, order)")), "{steps}");
    assert_eq!(told_with("o.stock.ReleaseStock(ctx, order)").len(), 1);
    let found = told_with("");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("step `ReserveStock` of "), "{found:?}");
}

#[test]
fn the_record_of_a_saga_is_no_step_of_it() {
    let flow = flow("o.stock.ReleaseStock(ctx, order)").replacen(
        "\tif err := o.stock",
        "\tsaga, err := o.orchestrator.CreateSaga(ctx, order)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif err := o.stock",
        1,
    );
    assert_eq!(
        told(&flow, "missing-compensation"),
        ["OrderOrchestrator: ReserveStock, ChargePayment, ShipOrder"],
        "{flow}"
    );
}

/// A workflow of Temporal with `defer`.
fn workflow(undo: &str) -> String {
    format!(
        "package trips

import \"go.temporal.io/sdk/workflow\"

func BookTrip(ctx workflow.Context, trip Trip) (err error) {{
	if err = workflow.ExecuteActivity(ctx, ReserveCar, trip).Get(ctx, nil); err != nil {{
		return err
	}}
	defer func() {{
		if err != nil {{
			_ = workflow.ExecuteActivity(ctx, CancelCar, trip).Get(ctx, nil)
		}}
	}}()
	if err = workflow.ExecuteActivity(ctx, BookHotel, trip).Get(ctx, nil); err != nil {{
		return err
	}}
	{undo}
	return workflow.ExecuteActivity(ctx, ChargeCard, trip).Get(ctx, nil)
}}"
    )
}

#[test]
fn temporal_undoes_by_defer() {
    let told_with = |undo: &str| told(&workflow(undo), "missing-compensation");
    let steps = "BookTrip: ReserveCar, BookHotel, ChargeCard";
    let undo = "defer func() {
		if err != nil {
			_ = workflow.ExecuteActivity(ctx, CancelHotel, trip).Get(ctx, nil)
		}
	}()";
    assert_eq!(told_with(undo), [steps]);
    assert_eq!(told_with(""), ["step `BookHotel` of `BookTrip` has no compensation", steps]);
    assert_eq!(told(&workflow(undo), "volatile-state"), [steps]);
}

#[test]
fn an_orchestrator_that_is_moved_on_by_replies_makes_no_calls() {
    let moved_on = format!(
        "{}\n\nfunc (s *OrderSaga) HandleReply(ctx context.Context, order Order, reply Reply) error {{\n\treturn s.Run(ctx, order)\n}}\n",
        steps(", Compensate: s.payments.Refund")
    );
    let sagas = ["OrderSaga: reserve-stock, charge-card, ship-order"];
    assert_eq!(told(&moved_on, "missing-step-retry"), sagas);
    assert_eq!(told(&moved_on, "unretried-compensation"), sagas);
}
