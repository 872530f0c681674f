//! Steps that are noted behind their calls, and compensations whose failure nobody learns of, as articles show them.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule about sagas, as `path:line`, in order.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", "saga", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let of_rule = output["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == format!("saga/{rule}"));
    of_rule.map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
}

/// A workflow of Temporal with what runs before and behind its activity, and how the compensations are run.
fn workflow(before: &str, behind: &str, caught: &str) -> String {
    format!(
        r#"import {{ proxyActivities, log }} from "@temporalio/workflow";
import type * as activities from "./activities";

const {{ bookVan, cancelVan, bookDriver, cancelDriver, printLabel }} = proxyActivities<typeof activities>({{
  startToCloseTimeout: "5s",
  retry: {{ maximumAttempts: 3 }},
}});

export async function ship(parcel: string): Promise<void> {{
  const compensations: (() => Promise<void>)[] = [];
  try {{
    {before}
    await bookVan(parcel);
    {behind}
    await bookDriver(parcel);
    compensations.unshift(() => cancelDriver(parcel));
    await printLabel(parcel);
  }} catch (error) {{
    await undo(compensations);
    throw error;
  }}
}}

async function undo(compensations: (() => Promise<void>)[]): Promise<void> {{
  for (const compensation of compensations) {{
    try {{
      await compensation();
    }} catch (error) {{
      {caught};
    }}
  }}
}}
"#
    )
}

#[test]
fn a_workflow_that_registers_behind_the_activity() {
    let register = "compensations.unshift(() => cancelVan(parcel));";
    let rule = "uncompensated-failing-step";
    let late = workflow("", register, "throw error");
    assert_eq!(found(rule, &[("ship.ts", &late)]), ["ship.ts:14"]);
    let early = workflow(register, "", "throw error");
    assert_eq!(found(rule, &[("ship.ts", &early)]), [""; 0]);
    // What is repeated until it is known how it ended was refused when it fails.
    let repeated = late.replace("  retry: { maximumAttempts: 3 },\n", "");
    assert_eq!(found(rule, &[("ship.ts", &repeated)]), [""; 0]);
}

#[test]
fn a_workflow_whose_loop_over_compensations_only_logs() {
    let rule = "swallowed-compensation-failure";
    let logs = workflow("", "", r#"log.error("not undone", { error })"#);
    assert_eq!(found(rule, &[("ship.ts", &logs)]), ["ship.ts:28"]);
    assert_eq!(found(rule, &[("ship.ts", &workflow("", "", "throw error"))]), [""; 0]);
}

/// A saga that notes what is done and gives its notes to what undoes.
fn noting(before: &str, behind: &str) -> String {
    format!(
        r#"class ParcelSaga {{
  async run(parcel: Parcel) {{
    const done: Entry[] = [];
    try {{
      {before}
      await this.vanService.book(parcel.route);
      {behind}
      await this.driverService.hire(parcel.route);
      done.push({{ participant: "driver", parcel: parcel.id }});
    }} catch (error) {{
      await this.compensate(done);
      throw error;
    }}
  }}

  private async compensate(done: Entry[]) {{
    for (const entry of [...done].reverse()) {{
      switch (entry.participant) {{
        case "driver":
          await this.driverService.release(entry.parcel);
          break;
        case "van":
          await this.vanService.cancel(entry.parcel);
          break;
      }}
    }}
  }}
}}
"#
    )
}

#[test]
fn notes_that_are_given_to_what_undoes() {
    let note = r#"done.push({ participant: "van", parcel: parcel.id });"#;
    let rule = "uncompensated-failing-step";
    assert_eq!(found(rule, &[("parcel-saga.ts", &noting("", note))]), ["parcel-saga.ts:7"]);
    assert_eq!(found(rule, &[("parcel-saga.ts", &noting(note, ""))]), [""; 0]);
}

/// A runner whose steps are handed over twice before their action is called.
fn handing(before: &str, behind: &str) -> String {
    format!(
        r#"import asyncio
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass
class Step:
    action: Optional[Callable] = None
    compensation: Optional[Callable] = None


class Saga:
    def __init__(self):
        self.steps = []
        self.completed = []

    def add(self, action, compensation):
        self.steps.append(Step(action=action, compensation=compensation))

    async def run(self):
        for step in self.steps:
            {before}
            if not await self._attempt(step):
                await self._undo_all()
                return False
            {behind}
        return True

    async def _attempt(self, step):
        for _ in range(3):
            try:
                await asyncio.wait_for(self._call(step.action), timeout=2)
                return True
            except asyncio.TimeoutError:
                await asyncio.sleep(1)
        return False

    async def _call(self, action):
        return await action()

    async def _undo_all(self):
        for step in reversed(self.completed):
            await self._undo(step)

    async def _undo(self, step):
        if step.compensation:
            await step.compensation()
"#
    )
}

#[test]
fn a_step_that_is_handed_on_and_noted_behind() {
    let note = "self.completed.append(step)";
    let rule = "uncompensated-failing-step";
    assert_eq!(found(rule, &[("saga.py", &handing("pass", note))]), ["saga.py:26"]);
    assert_eq!(found(rule, &[("saga.py", &handing(note, "pass"))]), [""; 0]);
}

#[test]
fn what_makes_a_step_does_not_carry_it_out() {
    let text = handing("pass", "self.completed.append(step)").replace("asyncio.wait_for(", "asyncio.shield(");
    let text = text.replace(", timeout=2)", ")").replace("asyncio.TimeoutError", "ConnectionError");
    // The call of the action, not the line that puts the step together.
    assert_eq!(found("missing-step-timeout", &[("saga.py", &text)]), ["saga.py:32"]);
}

#[test]
fn a_branch_for_a_step_that_answered_no_leaves_that_step() {
    let saga = |own: &str| {
        format!(
            r#"using System.Net.Http.Json;

public class ParcelSaga(HttpClient http)
{{
    public async Task<bool> RunAsync(Parcel parcel)
    {{
        if (!await Send("van", "/vans/book", parcel)) return false;
        if (!await Send("driver", "/drivers/hire", parcel))
        {{
            {own}
            await Compensate("van", "/vans/compensate", parcel);
            return false;
        }}
        if (!await Send("label", "/labels/print", parcel))
        {{
            await Compensate("driver", "/drivers/compensate", parcel);
            await Compensate("van", "/vans/compensate", parcel);
            return false;
        }}
        return true;
    }}

    private async Task<bool> Send(string participant, string path, Parcel parcel)
    {{
        var answer = await http.PostAsJsonAsync(path, parcel);
        return answer.IsSuccessStatusCode;
    }}

    private async Task Compensate(string participant, string path, Parcel parcel) =>
        await http.PostAsJsonAsync(path, parcel);
}}
"#
        )
    };
    let rule = "uncompensated-failing-step";
    assert_eq!(found(rule, &[("ParcelSaga.cs", &saga(""))]), ["ParcelSaga.cs:8"]);
    let own = saga(r#"await Compensate("driver", "/drivers/compensate", parcel);"#);
    assert_eq!(found(rule, &[("ParcelSaga.cs", &own)]), [""; 0]);
}

#[test]
fn a_field_of_go_that_gives_an_error_which_nobody_takes() {
    let saga = |undo: &str| {
        format!(
            "package parcels

type Step struct {{
	Action     func() error
	Compensate func() {undo}
}}

type Saga struct {{
	steps []Step
}}

func (s *Saga) Run() error {{
	var done []Step
	for _, step := range s.steps {{
		done = append(done, step)
		if err := step.Action(); err != nil {{
			s.compensate(done)
			return err
		}}
	}}
	return nil
}}

func (s *Saga) compensate(done []Step) {{
	for i := len(done) - 1; i >= 0; i-- {{
		done[i].Compensate()
	}}
}}
"
        )
    };
    let rule = "swallowed-compensation-failure";
    assert_eq!(found(rule, &[("saga.go", &saga("error"))]), ["saga.go:26"]);
    assert_eq!(found(rule, &[("saga.go", &saga("string"))]), [""; 0]);
}
