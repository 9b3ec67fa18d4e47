//! How are the sentences of scripted retail customers read? Prints shares by kind of sentence, and with `--show` every misreading.
//!
//! `cargo run --release -p ombud-language --example understand_eval -- <folder of the public data> [--show] [--flows <folder of a pack's flows>]`

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use jiff::civil::Date;
use ombud_domain::{Command, Expectation, Kind};
use ombud_language::{Example, NluFile, NluModel, PatternSpec, RuleFile, UnderstandContext, Understander};
use serde_json::Value;

/// Flows of the test fixture by the tool a goal ends in.
const FLOWS: &[(&str, &str)] = &[
    ("cancel_pending_order", "cancel_order"),
    ("return_delivered_order_items", "return_items"),
    ("exchange_delivered_order_items", "exchange_items"),
    ("modify_pending_order_items", "modify_items"),
    ("modify_pending_order_address", "order_address"),
    ("modify_user_address", "account_address"),
    ("modify_pending_order_payment", "order_payment"),
];
/// Other names of the same flows in packs.
const NAMES: &[(&str, &str)] = &[
    ("change_order_items", "modify_items"),
    ("modify_order_items", "modify_items"),
    ("change_items", "modify_items"),
    ("change_order_address", "order_address"),
    ("change_default_address", "account_address"),
    ("change_order_payment", "order_payment"),
    ("product_info", "product_question"),
    ("order_info", "order_status"),
    ("refund_total", "missing_refund"),
    // A pack may have one flow for both; then the order's state decides.
    ("exchange_items", "modify_items"),
];

struct Tally {
    rows: BTreeMap<String, (usize, usize)>,
    show: bool,
    /// Changing and exchanging items are one flow.
    merged: bool,
}

impl Tally {
    #[expect(clippy::fn_params_excessive_bools, reason = "what is counted is whether it was right")]
    fn count(&mut self, name: &str, right: bool, detail: impl Fn() -> String) -> Result<(), Box<dyn Error>> {
        let row = self.rows.entry(name.to_owned()).or_default();
        *row = (row.0 + usize::from(right), row.1 + 1);
        if !right && self.show {
            writeln!(std::io::stdout(), "[{name}] {}", detail())?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "../shared/data".to_owned());
    let rest: Vec<String> = arguments.collect();
    let flows = rest.iter().skip_while(|argument| *argument != "--flows").nth(1);
    let mut tally = Tally { rows: BTreeMap::new(), show: rest.contains(&"--show".to_owned()), merged: flows.is_some() };
    let start = Instant::now();
    let reader = reader(flows.map(String::as_str))?;
    writeln!(std::io::stdout(), "trained in {:?}", start.elapsed())?;
    let start = Instant::now();
    let mut read = 0_u32;
    for line in std::fs::read_to_string(format!("{folder}/tau2/retail/dev/customers.jsonl"))?.lines() {
        read += customer(&reader, &serde_json::from_str(line)?, &mut tally)?;
    }
    let each = start.elapsed() / read.max(1);
    for (name, (right, all)) in &tally.rows {
        writeln!(std::io::stdout(), "{name:<34} {right:>4} of {all:<4} {:.1} %", 100.0 * *right as f64 / *all as f64)?;
    }
    writeln!(std::io::stdout(), "{read} messages, {each:?} each")?;
    Ok(())
}

fn reader(flows: Option<&str>) -> Result<Understander, Box<dyn Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut model = NluModel { locale: "en".to_owned(), ..NluModel::default() };
    let read = |path: String| -> Result<NluFile, Box<dyn Error>> {
        Ok(serde_saphyr::from_str(&std::fs::read_to_string(path)?)?)
    };
    model.add(read(format!("{root}/packs/base/nlu/en.yaml"))?);
    let mut fixture = read(format!("{}/tests/data/flows.en.yaml", env!("CARGO_MANIFEST_DIR")))?;
    if let Some(folder) = flows {
        // Only the fixture's questions stay: the pack's own come from its articles.
        fixture.classes.retain(|class, _| class == "ask");
        for entry in std::fs::read_dir(folder)? {
            let flow = entry?.path();
            let Ok(source) = std::fs::read_to_string(flow.join("texts/en.yaml")) else { continue };
            let texts: Value = serde_saphyr::from_str(&source)?;
            let name = flow.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name =
                NAMES.iter().find(|(pack, _)| *pack == name).map_or(name.clone(), |(_, ours)| (*ours).to_owned());
            let lines = texts.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
            model.examples.extend(
                lines
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|text| Example { class: format!("flow:{name}"), text: text.to_owned() }),
            );
        }
    }
    model.add(fixture);
    let rules: RuleFile =
        serde_saphyr::from_str(&std::fs::read_to_string(format!("{root}/packs/base/nlu/rules.en.yaml"))?)?;
    model.rules = rules;
    model.patterns = vec![PatternSpec {
        kind: "order_number".to_owned(),
        regex: r"#?\b(W\d{7})\b".to_owned(),
        format: Some("#{}".to_owned()),
    }];
    Ok(Understander::new(model)?)
}

/// Whether a reading is right.
type Check<'a> = &'a dyn Fn(&[Command]) -> bool;

/// One customer, what he says and how it is read.
struct Trial<'a> {
    reader: &'a Understander,
    row: &'a Value,
    active: Option<String>,
    read: u32,
}

fn customer(reader: &Understander, row: &Value, tally: &mut Tally) -> Result<u32, Box<dyn Error>> {
    let mut trial = Trial { reader, row, active: None, read: 0 };
    trial.active = trial.list("goals").first().map(|goal| flow_of(goal, tally));
    trial.opening(tally)?;
    trial.goals(tally)?;
    trial.answers(tally)?;
    trial.questions(tally)?;
    Ok(trial.read)
}

/// The flow that a goal's tool stands for.
fn flow_of(goal: &Value, tally: &Tally) -> String {
    let tool = goal.get("tool").and_then(Value::as_str).unwrap_or_default();
    let flow = FLOWS.iter().find(|(known, _)| *known == tool).map_or("", |(_, flow)| *flow);
    if tally.merged && flow == "exchange_items" { "modify_items".to_owned() } else { flow.to_owned() }
}

impl Trial<'_> {
    fn text(&self, name: &str) -> String {
        self.row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.row.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    fn say(&mut self, text: &str, expectation: &Expectation) -> Vec<Command> {
        self.read += 1;
        let today = Date::constant(2026, 11, 21);
        let context =
            UnderstandContext { active_flow: self.active.as_deref(), ..UnderstandContext::alone(expectation, today) };
        self.reader.understand(text, &context).commands
    }

    fn opening(&mut self, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
        let goals = self.list("goals");
        let in_opening = |goal: &&Value| goal.get("in_opening").and_then(Value::as_bool) == Some(true);
        let wanted: BTreeSet<String> = goals.iter().filter(in_opening).map(|goal| flow_of(goal, tally)).collect();
        let opening = self.text("opening");
        let commands = self.say(&opening, &Expectation::Open);
        let told = started(&commands);
        let detail = || format!("{wanted:?} <- {commands:?}\n    {opening}");
        if !wanted.is_empty() {
            tally.count("opening: all goals told", wanted.is_subset(&told), detail)?;
            tally.count("opening: nothing else told", told.is_subset(&wanted), detail)?;
        }
        Ok(())
    }

    fn goals(&mut self, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
        let first = self.active.clone();
        for goal in self.list("goals") {
            let flow = flow_of(&goal, tally);
            let said = goal.get("say").and_then(Value::as_str).unwrap_or_default();
            let commands = self.say(said, &Expectation::AnythingElse);
            let detail = || format!("{flow} <- {commands:?}\n    {said}");
            tally.count("goal: flow told", started(&commands).contains(&flow), detail)?;
            self.active = Some(flow.clone());
            for (slot, answer) in goal.get("answers").and_then(Value::as_object).into_iter().flatten() {
                let answer = answer.as_str().unwrap_or_default();
                let commands = self.say(answer, &Expectation::Slot { slot: slot.clone() });
                let kept =
                    matches!(commands.as_slice(), [Command::SetSlot { text, .. }] if text.len() + 12 >= answer.len());
                tally.count("slot: whole answer kept", kept, || format!("{slot} {commands:?}\n    {answer}"))?;
            }
            self.active.clone_from(&first);
        }
        Ok(())
    }

    fn answers(&mut self, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
        let any_slot = Expectation::Slot { slot: "order".to_owned() };
        let set = |commands: &[Command]| matches!(commands, [Command::SetSlot { .. }]);
        let turned = |commands: &[Command]| {
            matches!(commands.first(), Some(Command::Deny { .. } | Command::Correct { .. } | Command::Handoff))
        };
        let cases: [(&str, &str, &Expectation, Check<'_>); 6] = [
            ("identify: kept as details", "identify", &Expectation::Identify, &set),
            ("yes: affirmed", "confirm_yes", &Expectation::Confirm, &|commands| commands == [Command::Affirm]),
            ("no: never affirmed", "confirm_no", &Expectation::Confirm, &|commands| {
                !commands.contains(&Command::Affirm)
            }),
            ("no: denied or corrected", "confirm_no", &Expectation::Confirm, &turned),
            ("closing: goodbye", "closing", &Expectation::AnythingElse, &|commands| {
                commands == [Command::Chitchat { kind: Kind::Goodbye }]
            }),
            ("does not know: kept as answer", "does_not_know", &any_slot, &set),
        ];
        for (name, field, expectation, right) in cases {
            let text = self.text(field);
            let commands = self.say(&text, expectation);
            tally.count(name, right(&commands), || format!("{commands:?}\n    {text}"))?;
        }
        for field in ["opening", "confirm_yes", "closing", "identify", "does_not_know"] {
            let text = self.text(field);
            let handed = self.say(&text, &Expectation::Open).contains(&Command::Handoff);
            tally.count("no false hand-over", !handed || text.contains("human"), || text.clone())?;
        }
        Ok(())
    }

    fn questions(&mut self, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
        const READS: [&str; 4] = ["product_question", "order_status", "missing_refund", "payment_status"];
        for question in self.list("questions") {
            let said = question.get("say").and_then(Value::as_str).unwrap_or_default();
            let commands = self.say(said, &Expectation::AnythingElse);
            let asks = commands.iter().any(|command| match command {
                Command::Ask { .. } => true,
                Command::StartFlow { flow, .. } => READS.contains(&flow.as_str()),
                _ => false,
            });
            tally.count("question: read as one", asks, || format!("{commands:?}\n    {said}"))?;
        }
        Ok(())
    }
}

fn started(commands: &[Command]) -> BTreeSet<String> {
    commands
        .iter()
        .flat_map(|command| match command {
            Command::StartFlow { flow, .. } => vec![flow.clone()],
            Command::Clarify { flows } => flows.clone(),
            _ => Vec::new(),
        })
        .collect()
}
