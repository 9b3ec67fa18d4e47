//! Builds candidates from the public retail data as a flow would, and counts how well they are read.

#![expect(
    clippy::indexing_slicing,
    reason = "the public data is of a known shape, and an evaluation may panic where it is not"
)]
#![expect(clippy::disallowed_methods, reason = "the folder of the public data is named by the environment")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use ombud_domain::choice::{Candidate, Choice, ChoiceRequest, Count};
use ombud_language::choose::{Lexicon, choose, choose_each};
use serde_json::Value;

/// One wrong or missing reading, for the developer.
pub struct Miss {
    pub slot: &'static str,
    pub task: String,
    pub text: String,
    pub gold: String,
    pub found: String,
    pub wrong: bool,
}

#[derive(Default, Clone, Copy)]
pub struct Tally {
    pub right: usize,
    pub wrong: usize,
    pub open: usize,
}

impl Tally {
    pub fn total(self) -> usize {
        self.right + self.wrong + self.open
    }

    pub fn accuracy(self) -> f64 {
        self.right as f64 / self.total().max(1) as f64
    }
}

#[derive(Default)]
pub struct Report {
    pub tallies: BTreeMap<&'static str, Tally>,
    pub misses: Vec<Miss>,
    /// How often each reading is repeated to take its time; the fastest counts.
    pub repeats: usize,
    pub seconds: Vec<f64>,
}

impl Report {
    fn note(&mut self, asked: &Asked<'_>, found: Option<Vec<String>>, shown: String) {
        let in_order = asked.slot == "new_items";
        let sorted = |mut ids: Vec<String>| {
            if !in_order {
                ids.sort();
            }
            ids
        };
        let (gold, found) = (sorted(asked.gold.clone()), found.map(sorted));
        let tally = self.tallies.entry(asked.slot).or_default();
        let wrong = match &found {
            Some(found) if *found == gold => {
                tally.right += 1;
                return;
            }
            Some(_) => {
                tally.wrong += 1;
                true
            }
            None => {
                tally.open += 1;
                false
            }
        };
        let (task, text) = (asked.task.to_owned(), asked.utterances.join(" | "));
        self.misses.push(Miss { slot: asked.slot, task, text, gold: gold.join(","), found: shown, wrong });
    }

    /// Every miss, and a line for each slot.
    pub fn summary(&self) -> String {
        let miss = |miss: &Miss| {
            let kind = if miss.wrong { "wrong" } else { "open" };
            format!(
                "[{}] {kind} task {}: {}\n    gold {} found {}\n",
                miss.slot, miss.task, miss.text, miss.gold, miss.found
            )
        };
        let tally = |(slot, tally): (&&str, &Tally)| {
            let share = tally.accuracy() * 100.0;
            format!(
                "{slot:10} n={} right={} ({share:.1}%) wrong={} open={}\n",
                tally.total(),
                tally.right,
                tally.wrong,
                tally.open
            )
        };
        let mut times = self.seconds.clone();
        times.sort_by(f64::total_cmp);
        let at =
            |share: usize| times.get(times.len().saturating_sub(1) * share / 100).copied().unwrap_or_default() * 1e6;
        let misses: String = self.misses.iter().map(miss).collect();
        let tallies: String = self.tallies.iter().map(tally).collect();
        format!("{misses}{tallies}median {:.0} us, p95 {:.0} us, max {:.0} us\n", at(50), at(95), at(100))
    }
}

pub fn data_dir() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::vars()
        .find(|(name, _)| name == "OMBUD_DATA")
        .map_or_else(|| root.join("../shared/data"), |(_, value)| PathBuf::from(value));
    data.join("tau2/retail/dev/db.json").exists().then_some(data)
}

pub fn lexicon() -> Result<Lexicon> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs/base/lexicon/en.yaml");
    serde_saphyr::from_str(&fs::read_to_string(path)?).context("the lexicon must parse")
}

pub struct Shop {
    db: Value,
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default()
}

fn options(value: &Value) -> Vec<(String, String)> {
    value.as_object().map(|all| all.iter().map(|(key, value)| (key.clone(), text(value))).collect()).unwrap_or_default()
}

impl Shop {
    pub fn load(data: &std::path::Path) -> Result<Self> {
        Ok(Self { db: serde_json::from_str(&fs::read_to_string(data.join("tau2/retail/dev/db.json"))?)? })
    }

    fn order(&self, id: &str) -> &Value {
        &self.db["orders"][id]
    }

    pub fn orders(&self, user: &str, status: &str) -> Vec<Candidate> {
        list(&self.db["users"][user]["orders"]).iter().map(|id| self.order_candidate(id, status)).collect()
    }

    fn order_candidate(&self, id: &str, status: &str) -> Candidate {
        let order = self.order(id);
        let content = |item: &Value| {
            let options: Vec<String> =
                options(&item["options"]).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
            ("item".to_owned(), format!("{}, {}", text(&item["name"]), options.join(", ")))
        };
        let mut words = vec![text(&order["status"]), text(&order["address"]["city"]), text(&order["address"]["state"])];
        for payment in order["payment_history"].as_array().into_iter().flatten() {
            let method =
                &self.db["users"][text(&order["user_id"])]["payment_methods"][text(&payment["payment_method_id"])];
            words.push(text(&method["source"]).replace('_', " "));
            if let Some(brand) = method["brand"].as_str() {
                words.push(brand.to_owned());
            }
        }
        Candidate {
            id: id.to_owned(),
            name: format!("Order {id}"),
            label: format!("Order {id}"),
            attributes: order["items"].as_array().into_iter().flatten().map(content).collect(),
            words,
            eligible: text(&order["status"]).starts_with(status),
            ..Candidate::default()
        }
    }

    pub fn items(&self, order: &str) -> Vec<Candidate> {
        self.order(order)["items"].as_array().into_iter().flatten().map(item_candidate).collect()
    }

    pub fn item(&self, order: &str, id: &str) -> Option<Candidate> {
        self.items(order).into_iter().find(|item| item.id == id)
    }

    pub fn variants(&self, order: &str, item: &str) -> Vec<Candidate> {
        let items = self.order(order)["items"].as_array().cloned().unwrap_or_default();
        let Some(line) = items.iter().find(|line| text(&line["item_id"]) == item) else { return Vec::new() };
        let product = &self.db["products"][text(&line["product_id"])];
        let candidate = |(id, variant): (&String, &Value)| Candidate {
            id: id.clone(),
            name: text(&product["name"]),
            label: text(&product["name"]),
            attributes: options(&variant["options"]),
            price: variant["price"].as_f64(),
            eligible: variant["available"].as_bool() == Some(true) && id != item,
            ..Candidate::default()
        };
        product["variants"].as_object().into_iter().flatten().map(candidate).collect()
    }

    pub fn payments(&self, user: &str, order: &str, tool: &str) -> Vec<Candidate> {
        let original = text(&self.order(order)["payment_history"][0]["payment_method_id"]);
        let methods = self.db["users"][user]["payment_methods"].as_object().cloned().unwrap_or_default();
        let candidate = |(id, method): (&String, &Value)| {
            let source = text(&method["source"]);
            let kind = source.replace('_', " ");
            let mut words = vec![kind.clone()];
            words.extend(method["brand"].as_str().map(str::to_owned));
            words.extend(method["last_four"].as_str().map(str::to_owned));
            if *id == original {
                words.extend(
                    ["original", "original payment method", "the one I paid with", "same as I paid", "how I paid"]
                        .map(str::to_owned),
                );
            }
            let name = method["brand"].as_str().map_or(kind, |brand| format!("{brand} card"));
            let eligible = match tool {
                "return_delivered_order_items" => *id == original || source == "gift_card",
                "modify_pending_order_payment" => *id != original,
                _ => true,
            };
            Candidate { id: id.clone(), label: name.clone(), name, words, eligible, ..Candidate::default() }
        };
        methods.iter().map(candidate).collect()
    }
}

fn item_candidate(line: &Value) -> Candidate {
    Candidate {
        id: text(&line["item_id"]),
        name: text(&line["name"]),
        label: text(&line["name"]),
        attributes: options(&line["options"]),
        price: line["price"].as_f64(),
        eligible: true,
        ..Candidate::default()
    }
}

pub fn reasons() -> Vec<Candidate> {
    let reason = |id: &str, words: &[&str]| Candidate {
        id: id.to_owned(),
        name: id.to_owned(),
        label: id.to_owned(),
        words: words.iter().map(|&word| word.to_owned()).collect(),
        eligible: true,
        ..Candidate::default()
    };
    vec![
        reason(
            "no longer needed",
            &[
                "I do not need it anymore",
                "I don't want it any more",
                "I changed my mind",
                "found it cheaper elsewhere",
                "I can't afford it",
                "have no use for it",
                "not needed",
            ],
        ),
        reason(
            "ordered by mistake",
            &[
                "ordered it by accident",
                "I bought the wrong one",
                "it was an error",
                "clicked by mistake",
                "did not mean to order it",
            ],
        ),
    ]
}

fn status_for(tool: &str) -> &'static str {
    if tool.contains("delivered") { "delivered" } else { "pending" }
}

fn ids_of(choice: &Choice) -> Option<Vec<String>> {
    match choice {
        Choice::Picked { ids, .. } => Some(ids.clone()),
        _ => None,
    }
}

struct Asked<'a> {
    slot: &'static str,
    task: &'a str,
    utterances: &'a [String],
    direct: usize,
    gold: Vec<String>,
}

/// Reads every answer of the scripted customers (`direct` 1), or what they said before being asked (`direct` 0).
pub fn evaluate_customers(data: &std::path::Path, direct: usize, repeats: usize) -> Result<Report> {
    let (shop, lexicon) = (Shop::load(data)?, lexicon()?);
    let mut report = Report { repeats, ..Report::default() };
    let customers = fs::read_to_string(data.join("tau2/retail/dev/customers.jsonl"))?;
    for line in customers.lines() {
        let customer: Value = serde_json::from_str(line)?;
        let task = text(customer.get("task_id").unwrap_or(&customer["id"]));
        for goal in customer["goals"].as_array().into_iter().flatten() {
            evaluate_goal(&shop, &lexicon, (&task, &text(&customer["opening"])), goal, direct, &mut report);
        }
    }
    Ok(report)
}

fn evaluate_goal(
    shop: &Shop,
    lexicon: &Lexicon,
    (task, opening): (&str, &str),
    goal: &Value,
    direct: usize,
    report: &mut Report,
) {
    let tool = text(&goal["tool"]);
    let arguments = &goal["arguments"];
    let order = text(&arguments["order_id"]);
    if order == "null" || arguments["order_id"].is_null() {
        return;
    }
    let user = text(&shop.order(&order)["user_id"]);
    let in_opening = goal["in_opening"].as_bool() == Some(true);
    let mut said: Vec<String> = Vec::new();
    if in_opening {
        said.push(opening.to_owned());
    }
    said.push(text(&goal["say"]));
    for slot in ["order", "items", "new_items", "payment", "reason"] {
        let Some(answer) = goal["answers"][slot].as_str() else { continue };
        let mut utterances = said.clone();
        if direct > 0 {
            utterances.push(answer.to_owned());
        }
        let slot_gold = match slot {
            "order" => vec![order.clone()],
            "items" => list(&arguments["item_ids"]),
            "new_items" => list(&arguments["new_item_ids"]),
            "payment" => vec![text(&arguments["payment_method_id"])],
            _ => vec![text(&arguments["reason"])],
        };
        let asked = Asked { slot, task, utterances: &utterances, direct, gold: slot_gold };
        read_slot(shop, lexicon, (&user, &order, &tool), &asked, &list(&arguments["item_ids"]), report);
    }
}

fn read_slot(
    shop: &Shop,
    lexicon: &Lexicon,
    (user, order, tool): (&str, &str, &str),
    asked: &Asked<'_>,
    items: &[String],
    report: &mut Report,
) {
    let (candidates, count) = match asked.slot {
        "order" => (shop.orders(user, status_for(tool)), Count::One),
        "items" => (shop.items(order), Count::Many),
        "payment" => (shop.payments(user, order, tool), Count::One),
        _ => (reasons(), Count::One),
    };
    let pairs: Vec<(Candidate, Vec<Candidate>)> =
        items.iter().filter_map(|item| Some((shop.item(order, item)?, shop.variants(order, item)))).collect();
    let read = || match asked.slot {
        "order" | "items" | "payment" | "reason" => {
            vec![choose(
                lexicon,
                &ChoiceRequest {
                    utterances: asked.utterances,
                    direct: asked.direct,
                    candidates: &candidates,
                    current: None,
                    spoken_of: None,
                    denied: false,
                    count,
                },
            )]
        }
        _ => match pairs.as_slice() {
            [(current, variants)] => vec![choose(
                lexicon,
                &ChoiceRequest {
                    utterances: asked.utterances,
                    direct: asked.direct,
                    candidates: variants,
                    current: Some(current),
                    spoken_of: None,
                    denied: false,
                    count: Count::One,
                },
            )],
            _ => choose_each(lexicon, asked.utterances, asked.direct, &pairs),
        },
    };
    let choices = read();
    let fastest = (0..report.repeats).map(|_| {
        let started = std::time::Instant::now();
        let _ = std::hint::black_box(read());
        started.elapsed().as_secs_f64()
    });
    if let Some(seconds) = fastest.reduce(f64::min) {
        report.seconds.push(seconds);
    }
    let found: Option<Vec<String>> = choices.iter().map(ids_of).collect::<Option<Vec<_>>>().map(|all| all.concat());
    report.note(asked, found, format!("{choices:?}"));
}

mod wording;

/// Reads the 500 synthetic tasks, put into words by a few plain patterns.
pub fn evaluate_synthetic(data: &std::path::Path, repeats: usize) -> Result<Report> {
    let (shop, lexicon) = (Shop::load(data)?, lexicon()?);
    let mut report = Report { repeats, ..Report::default() };
    let tasks = fs::read_to_string(data.join("tau1/dev/retail_tasks_train.jsonl"))?;
    for (number, line) in tasks.lines().enumerate() {
        let task: Value = serde_json::from_str(line)?;
        let user = text(&task["user_id"]);
        for (at, action) in task["actions"].as_array().into_iter().flatten().enumerate() {
            let tool = text(&action["name"]);
            let arguments = &action["kwargs"];
            let order = text(&arguments["order_id"]);
            let items = list(&arguments["item_ids"]);
            let seed = number.wrapping_mul(7).wrapping_add(at);
            let goal = wording::Goal {
                shop: &shop,
                user: &user,
                order: &order,
                tool: &tool,
                items: &items,
                new_items: &list(&arguments["new_item_ids"]),
                arguments,
            };
            for (slot, answer, gold) in wording::answers(&goal, seed) {
                let utterances = vec![answer];
                let label = format!("{number}");
                let asked = Asked { slot, task: &label, utterances: &utterances, direct: 1, gold };
                read_slot(&shop, &lexicon, (&user, &order, &tool), &asked, &items, &mut report);
            }
        }
    }
    Ok(report)
}
