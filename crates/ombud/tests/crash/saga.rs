//! Is a dearer exchange whole or undone, wherever it fails? Two writes of two systems of the company, one yes, and its records as the judge.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use ombud_connect::PublicApi;
use serde_json::{Value, json};

use crate::lane::{Database, Ground, Lane, Offers, api_of, session};

const CUSTOMER: &str = "C-100027";
const ORDER: &str = "/orders/ORD-102701";
const PLAN: &str = "/plans/PLN-102701";
/// How long one exchange may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The flow of the test; its actions are those of `packs/paylater`.
const FLOW: &str = "flow: swap
identity: identified
steps:
  - lookup: list_orders
    with: { customer_id: session.customer_id }
    save: orders
  - set: { difference: \"{'minor': 1798, 'currency': 'EUR'}\" }
  - saga: swap_for_dearer
    steps:
      - act: add_price_difference
        with: { order_id: \"orders[0].id\", item_id: \"orders[0].items[0].id\", variant_id: \"'V-1002-04'\" }
        compensate:
          act: reverse_price_difference
          with: { order_id: order_id, difference_id: receipt.difference.id }
      - act: exchange_item
        with: { order_id: \"orders[0].id\", item_id: \"orders[0].items[0].id\", variant_id: \"'V-1002-04'\" }
        pivot: true
    confirm: confirm_swap
    done: swapped
";
const TEXTS: &str = "title: swapping your backpack
examples:
  - swap my backpack for the larger one
  - please swap the backpack
  - I want to swap my backpack
confirm_swap: Shall I swap your backpack for the one of 40 litres, which costs 17.98 more?
swapped: Swapped. Your reference is {{ receipt.exchange.id }}.
";

/// What happens to an exchange.
#[derive(Debug, Clone)]
enum Fate {
    /// The company's system fails at a path, as `/admin/faults` takes it.
    Fault(Value),
    /// Ombud is killed there; with a fault of the company's system too, if it is to go back.
    Kill(&'static str, Option<Value>),
}

/// What came of all.
#[derive(Debug, Default)]
pub struct Swaps {
    pub exchanges: u32,
    pub whole: u32,
    pub undone: u32,
    pub left: u32,
    pub wrong: Vec<String>,
}

fn fates() -> Vec<Fate> {
    let (difference, exchange) = (format!("{ORDER}/price_differences"), format!("{ORDER}/exchanges"));
    let undo = format!("{ORDER}/price_differences/DIF");
    let fails = |path: &str, status: u16| json!({"fail_rate": 1.0, "fail_status": status, "paths": [path], "times": 1});
    let drops = |path: &str| json!({"drop_after_commit_rate": 1.0, "paths": [path], "times": 1});
    let refused = Some(fails(&exchange, 409));
    let mut fates = vec![Fate::Fault(json!({}))];
    for path in [&difference, &exchange] {
        fates.extend([fails(path, 409), fails(path, 503), drops(path)].map(Fate::Fault));
    }
    // The way back: the exchange is refused, and then taking the difference back fails for good.
    fates.push(Fate::Fault(json!({"fail_rate": 1.0, "fail_status": 409, "paths": [exchange, undo]})));
    let forward = [
        "commit.before/action.intended",
        "commit.after/action.intended#2",
        "call.under_way",
        "call.under_way#2",
        "commit.before/action.settled",
        "commit.after/action.settled",
        "commit.before/action.settled#2",
        "receipt.durable#2",
    ];
    // So long that a call can be under way while we die.
    let slow = json!({"latency_ms": 250, "paths": [ORDER]});
    fates.extend(forward.map(|point| Fate::Kill(point, Some(slow.clone()))));
    let back = ["commit.after/action.settled#2", "commit.after/action.intended#3", "call.answered#3"];
    fates.extend(back.map(|point| Fate::Kill(point, refused.clone())));
    fates
}

/// Every fate once, on one database.
pub async fn run(database: Database) -> anyhow::Result<Swaps> {
    let lane = Lane { database, offers: Offers::Keys, kills: 0, first: 1 };
    let mut ground = lane.prepare_as("saga").await?;
    let pack = ground.folder.join("pack");
    let of_company = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/paylater/actions");
    for action in ["list_orders", "add_price_difference", "reverse_price_difference", "exchange_item"] {
        std::fs::copy(of_company.join(format!("{action}.yaml")), pack.join(format!("actions/{action}.yaml")))?;
    }
    std::fs::create_dir_all(pack.join("flows/swap/texts"))?;
    std::fs::write(pack.join("flows/swap/flow.yaml"), FLOW)?;
    std::fs::write(pack.join("flows/swap/texts/en.yaml"), TEXTS)?;
    let accounts = std::fs::read_to_string(pack.join("policies/accounts.yaml"))?;
    let more = accounts.replacen("provider: company", "provider: company, owed: customer, goods: company", 1);
    std::fs::write(pack.join("policies/accounts.yaml"), more)?;
    ground.session = session(CUSTOMER.to_owned())?;
    let mut swaps = Swaps::default();
    for (number, fate) in fates().into_iter().enumerate() {
        one(&ground, number, &fate, &mut swaps).await.with_context(|| format!("{fate:?}"))?;
    }
    let checked = ground.books(&["check"]).await?;
    if checked.get("fits") != Some(&json!(true)) {
        swaps.wrong.push(format!("books: {checked}"));
    }
    drop(std::fs::remove_dir_all(&ground.folder));
    Ok(swaps)
}

async fn one(ground: &Ground, number: usize, fate: &Fate, swaps: &mut Swaps) -> anyhow::Result<()> {
    ground.admin.post("/admin/reset", &json!({})).await?;
    let before = ground.admin.get(PLAN).await?;
    let (point, fault) = match fate {
        Fate::Fault(fault) => (None, Some(fault)),
        Fate::Kill(point, fault) => (Some(*point), fault.as_ref()),
    };
    let environment: Vec<(&str, String)> = point.iter().map(|point| ("OMBUD_CRASH_AT", (*point).to_owned())).collect();
    let process = ground.serve(&environment).await?;
    let api = api_of(&process)?.context("it opens")?;
    let id = api.open_conversation(&ground.session, None, None).await?.id;
    let said = ["I want to swap my backpack for the larger one", "yes"];
    let key = |nth: usize| format!("swap-{number}-{nth}");
    let shown = api.send(&ground.session, &id, said[0], Some(&key(0))).await?;
    ensure!(shown.awaiting.kind == "confirm", "{:?}", shown.messages);
    ground.admin.post("/admin/faults", fault.unwrap_or(&json!({}))).await?;
    let answered = api.send(&ground.session, &id, said[1], Some(&key(1))).await;
    let (_process, api) = if point.is_some() {
        ensure!(answered.is_err() && process.dies_within(PATIENCE).await?, "it dies at its point");
        let next = ground.serve(&[]).await?;
        let api = api_of(&next)?.context("it opens when nobody kills it")?;
        api.send(&ground.session, &id, said[1], Some(&key(1))).await?;
        (next, api)
    } else {
        (process, api)
    };
    let told = end_of(&api, ground, &id).await?;
    swaps.exchanges += 1;
    let exchanges = ground.admin.get(&format!("/customers/{CUSTOMER}/exchanges")).await?;
    let differences = ground.admin.get(&format!("{ORDER}/price_differences")).await?;
    let count = |list: &Value, state: &str| {
        list.as_array().into_iter().flatten().filter(|one| one.get("state") == Some(&json!(state))).count()
    };
    let (made, added) = (count(&exchanges, "reported"), count(&differences, "added"));
    let as_before = ground.admin.get(PLAN).await?.get("installments") == before.get("installments");
    match (made, added, told) {
        (1, 1, Told::Done) => swaps.whole += 1,
        (0, 0, Told::Undone) if as_before => swaps.undone += 1,
        // Part of it stands, and a person was told which.
        (0, 1, Told::Person) => swaps.left += 1,
        other => swaps.wrong.push(format!("{fate:?}: {other:?}, as before: {as_before}")),
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    Undone,
    Person,
    Nothing,
}

/// What the customer is told in the end.
async fn end_of(api: &PublicApi, ground: &Ground, id: &str) -> anyhow::Result<Told> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let now = api.conversation(&ground.session, id).await?;
        let says = |words: &str| now.messages.iter().any(|message| message.text.contains(words));
        if says("Swapped.") {
            return Ok(Told::Done);
        }
        if says("part of it may already be done") && now.status == "waiting_for_agent" {
            return Ok(Told::Person);
        }
        // Nothing was begun, or what was is undone.
        if says("has been undone")
            || says("can\u{2019}t do that")
            || says("couldn't finish this")
            || says("isn't possible")
        {
            return Ok(Told::Undone);
        }
        if now.messages.iter().filter(|message| message.author == "assistant").count() > 2
            && !says("don't know whether")
        {
            return Ok(Told::Undone);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(Told::Nothing)
}
