//! The whole of it, with real processes: Ombud, its database file, and a company whose systems are down, slow, or lose their answers.
//! Nothing is done twice, nothing is called done that is not, and nothing is lost.

mod answers;
mod canaries;
#[path = "../processes/mod.rs"]
mod processes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use ombud_connect::public_api::{Conversation, Reply, Session};
use ombud_connect::{BackOfficeAdmin, PublicApi};
use ombud_domain::Sensitive;
use serde_json::{Value, json};
use tokio::process::Command;

use processes::{Process, TOKEN};

/// A customer with one order that can still be cancelled.
const CUSTOMER: &str = "C-100012";
const ORDER: &str = "ORD-101201";

struct Company {
    stand_in: Process,
    ombud: Process,
    admin: BackOfficeAdmin,
    api: PublicApi,
    url: String,
    api_url: String,
    data: PathBuf,
}

impl Company {
    /// Both processes; `None` when the stand-in was not built.
    async fn open(name: &str) -> anyhow::Result<Option<Self>> {
        let Some((stand_in, url)) = processes::stand_in("real").await? else { return Ok(None) };
        let data = std::env::temp_dir().join(format!("ombud-company-{name}-{}", std::process::id()));
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        let (ombud, api) = ombud(&url, &data).await?;
        let opened: Value = serde_json::from_str(ombud.first_line.as_deref().context("it opens")?)?;
        let api_url = opened.get("url").and_then(Value::as_str).context("url")?.to_owned();
        let admin = BackOfficeAdmin::new(&url, Some(&Sensitive::new(TOKEN.to_owned())), None)?;
        Ok(Some(Self { stand_in, ombud, admin, api, url, api_url, data }))
    }

    async fn faults(&self, rule: Value) -> anyhow::Result<()> {
        self.admin.post("/admin/faults", &rule).await?;
        Ok(())
    }

    /// Asks to cancel the order and answers until a proposal stands.
    async fn proposal(&self) -> anyhow::Result<(Session, Conversation)> {
        let session = self.api.open_demo_session(CUSTOMER).await?;
        let conversation = self.api.open_conversation(&session, None, None).await?;
        let mut reply = self.say(&session, &conversation, "Please cancel my order").await?;
        for _ in 0..4 {
            if reply.awaiting.kind == "confirm" {
                return Ok((session, conversation));
            }
            reply = self.say(&session, &conversation, ORDER).await?;
        }
        bail!("no proposal: {:?}", reply.messages)
    }

    async fn say(&self, session: &Session, conversation: &Conversation, text: &str) -> anyhow::Result<Reply> {
        Ok(self.api.send(session, &conversation.id, text, None).await?)
    }

    async fn order_status(&self) -> anyhow::Result<String> {
        let order = self.admin.get(&format!("/orders/{ORDER}")).await?;
        Ok(order.get("status").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// How often the order was cancelled, by the company's own change feed.
    async fn cancellations(&self) -> anyhow::Result<usize> {
        let changes = self.admin.get("/changes?after=0&limit=1000").await?;
        let items = changes.get("items").and_then(Value::as_array).context("changes")?;
        let is_cancellation = |change: &&Value| {
            change.get("id") == Some(&json!(ORDER)) && change.get("change") == Some(&json!("cancelled"))
        };
        Ok(items.iter().filter(is_cancellation).count())
    }
}

/// The demo against a company, read by words alone: quick to start, and the same on every machine.
fn ombud_command(back_office: &str, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    let against = ["--backoffice", back_office, "--backoffice-token", TOKEN];
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models());
    command.args(["demo", "--json", "--listen", "127.0.0.1:0"]).args(against).arg("--data").arg(data);
    command
}

async fn ombud(back_office: &str, data: &Path) -> anyhow::Result<(Process, PublicApi)> {
    let mut command = ombud_command(back_office, data);
    let process = Process::start(&mut command).await?;
    let line = process.first_line.as_deref().context("it opens")?;
    let opened: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
    let api = PublicApi::new(opened.get("url").and_then(Value::as_str).context("url")?)?;
    Ok((process, api))
}

#[tokio::test]
async fn an_answer_lost_after_the_deed_is_asked_for_again_and_the_deed_is_done_once() -> anyhow::Result<()> {
    let Some(company) = Company::open("lost").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    company
        .faults(json!({"drop_after_commit_rate": 1.0, "times": 2, "paths": [format!("/orders/{ORDER}/cancel")]}))
        .await?;
    let reply = company.say(&session, &conversation, "yes").await?;
    let receipt =
        reply.done.first().map(|done| done.receipt_id.clone()).with_context(|| format!("{:?}", reply.messages))?;
    let receipts = company.admin.get(&format!("/receipts/{receipt}")).await?;
    assert_eq!(receipts.pointer("/record/id"), Some(&json!(ORDER)));
    assert_eq!((company.order_status().await?.as_str(), company.cancellations().await?), ("cancelled", 1));
    Ok(())
}

/// What the assistant last said, once that holds `words`; asked for during half a minute.
async fn told(
    api: &PublicApi,
    session: &Session,
    conversation: &Conversation,
    words: &str,
) -> anyhow::Result<Option<String>> {
    for _ in 0..120 {
        let now = api.conversation(session, &conversation.id).await?;
        let last = now.messages.last().map(|message| message.text.clone()).unwrap_or_default();
        if last.contains(words) {
            return Ok(Some(last));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(None)
}

#[tokio::test]
async fn a_deed_whose_answer_is_late_is_not_called_done_and_is_told_when_it_is() -> anyhow::Result<()> {
    let Some(company) = Company::open("never").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    company.faults(json!({"latency_ms": 60_000, "paths": [format!("/orders/{ORDER}/cancel")]})).await?;
    let reply = company.say(&session, &conversation, "yes").await?;
    assert_eq!((reply.done.len(), reply.status.as_str()), (0, "open"), "{:?}", reply.messages);
    company.faults(json!({})).await?;
    let told = told(&company.api, &session, &conversation, "cancelled").await?;
    ensure!(told.is_some(), "the customer was not told");
    // Saying yes again does nothing more.
    company.say(&session, &conversation, "yes").await?;
    assert_eq!((company.order_status().await?.as_str(), company.cancellations().await?), ("cancelled", 1));
    Ok(())
}

#[tokio::test]
async fn a_deed_done_while_we_were_killed_is_found_out_and_told_after_the_start() -> anyhow::Result<()> {
    let Some(company) = Company::open("killed").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    // The deed is done, its answer is not given; and before it is asked for again, we die.
    let lost = json!({"drop_after_commit_rate": 1.0, "times": 9, "latency_ms": 300, "paths": [format!("/orders/{ORDER}/cancel")]});
    company.faults(lost).await?;
    let (api, id) = (PublicApi::new(company.api_url.as_str())?, conversation.id.clone());
    let mut saying = tokio::task::JoinSet::new();
    let speaker = session.clone();
    saying.spawn(async move { api.send(&speaker, &id, "yes", None).await.is_err() });
    for _ in 0..100 {
        if company.cancellations().await? > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    company.ombud.dies_within(Duration::ZERO).await?;
    ensure!(saying.join_next().await.context("a customer who waits")??, "nobody was answered");
    company.admin.post("/admin/faults", &json!({})).await?;
    let (_ombud, api) = ombud(&company.url, &company.data).await?;
    let told = told(&api, &session, &conversation, "cancelled").await?;
    ensure!(told.is_some(), "the customer was not told");
    let changes = company.admin.get("/changes?after=0&limit=1000").await?;
    let items = changes.get("items").and_then(Value::as_array).context("changes")?;
    let cancelled =
        |change: &&Value| change.get("id") == Some(&json!(ORDER)) && change.get("change") == Some(&json!("cancelled"));
    assert_eq!(items.iter().filter(cancelled).count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_server_error_before_the_deed_passes_unnoticed() -> anyhow::Result<()> {
    let Some(company) = Company::open("error").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    company.faults(json!({"fail_rate": 1.0, "fail_status": 503, "times": 2})).await?;
    let reply = company.say(&session, &conversation, "yes").await?;
    assert_eq!((reply.done.len(), company.cancellations().await?), (1, 1), "{:?}", reply.messages);
    Ok(())
}

#[tokio::test]
async fn a_company_that_is_too_slow_gets_an_honest_reply() -> anyhow::Result<()> {
    let Some(company) = Company::open("slow").await? else { return Ok(()) };
    company.faults(json!({"latency_ms": 6_000})).await?;
    let session = company.api.open_demo_session(CUSTOMER).await?;
    let conversation = company.api.open_conversation(&session, None, None).await?;
    let reply = company.say(&session, &conversation, "Please cancel my order").await?;
    ensure!(
        reply.done.is_empty() && !reply.messages.is_empty() && reply.awaiting.kind != "confirm",
        "{:?}",
        reply.messages
    );
    company.faults(json!({})).await?;
    assert_eq!(company.cancellations().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_company_that_is_down_gets_an_honest_reply_and_questions_are_still_answered() -> anyhow::Result<()> {
    let Some(company) = Company::open("down").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    company.stand_in.dies_within(Duration::ZERO).await?;
    let reply = company.api.send(&session, &conversation.id, "yes", None).await?;
    ensure!(reply.done.is_empty() && !reply.messages.is_empty(), "{:?}", reply.messages);
    let stranger = company.api.open_session(None, None).await?;
    let other = company.api.open_conversation(&stranger, None, None).await?;
    let answer = company.api.send(&stranger, &other.id, "What happens if I pay late?", None).await?;
    ensure!(answer.messages.iter().any(|message| !message.citations.is_empty()), "{:?}", answer.messages);
    Ok(())
}

#[tokio::test]
async fn what_was_said_survives_a_kill_and_the_same_key_gives_the_same_reply() -> anyhow::Result<()> {
    let Some(company) = Company::open("kill").await? else { return Ok(()) };
    let session = company.api.open_demo_session(CUSTOMER).await?;
    let conversation = company.api.open_conversation(&session, None, None).await?;
    let said = company.api.send(&session, &conversation.id, "Please cancel my order", Some("k-1")).await?;
    let before = company.api.conversation(&session, &conversation.id).await?;
    company.ombud.dies_within(Duration::ZERO).await?;
    let (_ombud, api) = ombud(&company.url, &company.data).await?;
    assert_eq!(api.conversation(&session, &conversation.id).await?, before);
    assert_eq!(
        api.send(&session, &conversation.id, "Please cancel my order", Some("k-1")).await?.turn_id,
        said.turn_id
    );
    // And it goes on where it stood.
    let mut reply = api.send(&session, &conversation.id, "yes", None).await?;
    if reply.done.is_empty() {
        reply = api.send(&session, &conversation.id, "yes", None).await?;
    }
    ensure!(!reply.messages.is_empty(), "{:?}", reply.messages);
    Ok(())
}

/// Whether these words stand in any file below a folder.
fn stands_in(folder: &Path, words: &str) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            stands_in(&path, words)?
        } else {
            std::fs::read(&path)?.windows(words.len()).any(|window| window == words.as_bytes())
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// R38, R39, R42: the words of a customer stand in no file, in his export, and after the erasure nowhere; a server that runs meanwhile knows
/// within seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_exported_and_erased_while_the_server_runs() -> anyhow::Result<()> {
    const WORDS: &str = "zanzibar-4711-lighthouse";
    let Some(company) = Company::open("erased").await? else { return Ok(()) };
    let session = company.api.open_demo_session(CUSTOMER).await?;
    let conversation = company.api.open_conversation(&session, None, None).await?;
    company.say(&session, &conversation, &format!("My secret is {WORDS}")).await?;
    ensure!(!stands_in(&company.data, WORDS)?, "sealed");
    let ask = async |arguments: &[&str]| -> anyhow::Result<Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
        let output = command.args(arguments).arg("--json").arg("--data").arg(&company.data).output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text).with_context(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    };
    let elsewhere = company.data.with_extension("exports");
    drop(std::fs::remove_dir_all(&elsewhere));
    std::fs::create_dir_all(&elsewhere)?;
    let out = |name: &str| elsewhere.join(name).display().to_string();
    ask(&["export", "--customer", CUSTOMER, "--out", &out("before")]).await?;
    for file in ["before.json", "before.md"] {
        ensure!(std::fs::read_to_string(elsewhere.join(file))?.contains(WORDS), "{file}");
    }
    ask(&["hold", "add", "--customer", CUSTOMER, "--reason", "court"]).await?;
    ensure!(ask(&["erase", "--customer", CUSTOMER, "--yes"]).await.is_err(), "held");
    ask(&["hold", "remove", "--customer", CUSTOMER]).await?;
    let receipt = ask(&["erase", "--customer", CUSTOMER, "--yes"]).await?;
    assert_eq!(receipt.get("conversations"), Some(&json!([conversation.id])));
    let mut told = String::new();
    for _ in 0..100 {
        match company.say(&session, &conversation, "hello?").await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => told = format!("{error:#}"),
        }
        if !told.is_empty() {
            break;
        }
    }
    ensure!(told.contains("OM-0305"), "{told}");
    ask(&["export", "--customer", CUSTOMER, "--out", &out("after")]).await?;
    let after =
        std::fs::read_to_string(elsewhere.join("after.json"))? + &std::fs::read_to_string(elsewhere.join("after.md"))?;
    ensure!(!after.contains(WORDS) && !stands_in(&company.data, WORDS)?, "gone");
    let proof = ask(&["prove"]).await?;
    assert_eq!(proof.get("faults_count"), Some(&json!(0)), "{proof}");
    drop(std::fs::remove_dir_all(elsewhere));
    Ok(())
}

/// R57: another process replays what a server has recorded under its keys, while the server runs; an edited pack is named, and of an erased conversation
/// that is said.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_replays_what_a_server_has_recorded() -> anyhow::Result<()> {
    let Some(company) = Company::open("replayed").await? else { return Ok(()) };
    let (session, conversation) = company.proposal().await?;
    let done = company.say(&session, &conversation, "yes").await?;
    ensure!(done.done.len() == 1, "{:?}", done.messages);
    company.say(&session, &conversation, "What happens if I pay late?").await?;
    let ask = async |arguments: &[&str]| -> anyhow::Result<(Option<i32>, Value)> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
        command
            .env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models())
            .args(arguments)
            .arg("--json")
            .arg("--data")
            .arg(&company.data);
        let output = command.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = serde_json::from_str(&text);
        let value = value.with_context(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))?;
        Ok((output.status.code(), value))
    };
    let (code, all) = ask(&["replay", "--all"]).await?;
    let figure = |summary: &Value, name: &str| summary.get(name).and_then(Value::as_u64).unwrap_or_default();
    ensure!(code == Some(0) && figure(&all, "same") >= 3 && figure(&all, "same") == figure(&all, "turns"), "{all:#}");
    // The company forbids it from now on: what would have become of it?
    let packs = company.data.with_extension("packs");
    drop(std::fs::remove_dir_all(&packs));
    for pack in ["base", "paylater"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(pack);
        copy_folder(&from, &packs.join(pack))?;
    }
    let rule =
        "@id(\"never\") @reason(\"not_today\") forbid (principal, action == Action::\"cancel_order\", resource);";
    std::fs::write(packs.join("paylater/policies/never.cedar"), rule)?;
    let pack = packs.join("paylater").display().to_string();
    let (code, other) = ask(&["replay", &done.turn_id, "--pack", &pack]).await?;
    ensure!(code == Some(1) && figure(&other, "turns") == 1 && figure(&other, "ran_with_others") == 1, "{other:#}");
    ensure!(other.to_string().contains("not_today"), "{other:#}");
    ask(&["erase", "--customer", CUSTOMER, "--yes"]).await?;
    let (code, erased) = ask(&["replay", &conversation.id]).await?;
    ensure!(code == Some(1) && figure(&erased, "erased") == 1, "{erased:#}");
    drop(std::fs::remove_dir_all(packs));
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a name")?);
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// What `ombud` prints when it is asked for something, with this person's token.
async fn ombud_says(arguments: &[&str], token: &str) -> anyhow::Result<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    let asked = command.args(arguments).arg("--json").env("OMBUD_STAFF_TOKEN", token).output();
    let output = asked.await.context("ombud can be asked")?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("it answers in JSON")
}

/// R18: an operator holds an action back in the running demo; the customer's yes does nothing, and a person's word in the terminal does it, once.
#[tokio::test]
async fn what_is_held_back_is_carried_out_from_the_terminal() -> anyhow::Result<()> {
    let Some(company) = Company::open("suggested").await? else { return Ok(()) };
    let data = company.data.display().to_string();
    let held = ["switch", "suggest", "--action", "cancel_order", "--reason", "drill", "--by", "maja", "--data", &data];
    ombud_says(&held, "").await?;
    let (session, conversation) = company.proposal().await?;
    let reply = company.say(&session, &conversation, "yes").await?;
    let said = reply.messages.first().map(|message| message.text.clone()).unwrap_or_default();
    ensure!(said.contains("A colleague has to carry that out"), "{said}");
    assert_eq!((reply.done.len(), company.order_status().await?.as_str()), (0, "placed"));
    let desk = BackOfficeAdmin::new(&company.api_url, None, None)?;
    let opened = desk.post("/api/v1/demo/staff", &json!({"name": "Maja"})).await?;
    let token = opened.get("token").and_then(Value::as_str).context("a staff token")?;
    let listed = ombud_says(&["approvals", "list", "--url", &company.api_url], token).await?;
    assert_eq!(listed.pointer("/approvals/0/arguments/order_id"), Some(&json!(ORDER)), "{listed}");
    let id = listed.pointer("/approvals/0/id").and_then(Value::as_str).context("an id")?;
    ombud_says(&["approvals", "approve", id, "--url", &company.api_url], token).await?;
    assert_eq!((company.order_status().await?.as_str(), company.cancellations().await?), ("cancelled", 1));
    let told = told(&company.api, &session, &conversation, "cancelled").await?;
    ensure!(told.is_some(), "the customer was not told");
    Ok(())
}

/// R72: what a customer of the demo gets back stands in the books by the company's own name for it, beside what was taken for the order; the provider's statement fits,
/// and one that was changed does not.
#[tokio::test]
async fn the_books_say_what_the_company_gave_back() -> anyhow::Result<()> {
    let Some(company) = Company::open("books").await? else { return Ok(()) };
    let data = company.data.display().to_string();
    let (session, conversation) = company.proposal().await?;
    let reply = company.say(&session, &conversation, "yes").await?;
    assert_eq!(reply.done.len(), 1, "{:?}", reply.messages);
    let refunds = company.admin.get(&format!("/customers/{CUSTOMER}/refunds")).await?;
    let refunds = refunds.as_array().context("refunds")?;
    let at = |value: &Value, path: &str| value.pointer(path).cloned().unwrap_or_default();
    let is_of_order = |refund: &&Value| at(refund, "/order_id") == json!(ORDER);
    let refund = refunds.iter().find(is_of_order).context("the order's refund")?;
    let (name, paid) = (at(refund, "/id"), at(refund, "/amount/minor").as_i64().context("minor")?);
    let books = async |arguments: &[&str]| ombud_says(&[&["books"], arguments, &["--data", &data]].concat(), "").await;
    let listed = books(&["statement", "--customer", CUSTOMER]).await?;
    let expected = [
        ("reference", name.clone()),
        ("amount/minor", json!(paid)),
        ("state", json!("moved")),
        ("debit/name", json!("captured")),
    ];
    for (path, value) in expected {
        assert_eq!(at(&listed, &format!("/movements/0/{path}")), value, "{listed}");
    }
    let held = books(&["balance", "--account", "captured", "--of", ORDER]).await?;
    for path in ["credits", "debits"] {
        assert_eq!(at(&held, &format!("/accounts/0/balance/{path}")), json!(paid), "{held}");
    }
    assert_eq!(at(&books(&["check"]).await?, "/fits"), json!(true));
    let (currency, reference) = (at(refund, "/amount/currency"), name.as_str().context("id")?);
    let file = company.data.join("statement.csv");
    let compared = async |minor: i64| {
        let headings = "payment_reference,idempotency_key,amount_minor,currency,status";
        std::fs::write(&file, format!("{headings}\n{reference},,{minor},{currency},sent\n"))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
        command.args(["books", "reconcile", "--json", "--data", &data, "--statement"]).arg(&file);
        let output = command.output().await?;
        let said: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        anyhow::Ok((at(&said, "/discrepancies"), output.status.code()))
    };
    assert_eq!(compared(-paid).await?, (json!([]), Some(0)));
    let (found, code) = compared(-paid - 1).await?;
    assert_eq!((at(&found, "/0/kind"), at(&found, "/0/reference"), code), (json!("amount"), name, Some(1)), "{found}");
    Ok(())
}
