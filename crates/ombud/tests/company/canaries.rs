//! Do cards and secrets that come in by any channel stand in anything that is kept, logged or given out?

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use ombud_connect::BackOfficeAdmin;
use ombud_connect::public_api::PublicApi;
use ombud_domain::Sensitive;
use serde_json::{Value, json};
use tokio::process::Command;

use super::processes::{Process, stand_in};
use super::{CUSTOMER, ombud_command, stands_in};

/// Numbers of the card networks for tests (`data/pan_test_numbers`), and secrets of nobody: each stands in one channel.
const IN_CHAT: &str = "5105105105105100";
const IN_PARTS: [&str; 2] = ["3782 822463", "10005"];
const IN_KEY: &str = "6011111111111117";
const IN_PATH: &str = "4012888888881881";
const IN_REPLY: &str = "30569309025904";
const IN_NOTE: &str = "3530111333300000";
const IN_DOCUMENT: &str = "4222222222222";
const IN_LOCALE: &str = "6011000990139424";
const SECRETS: [&str; 4] = ["Zauberwort-93x", "cvv 937", "PIN is 8264", "code is 558213"];

/// R33, R42: they were looked for in the database and its log, the keys, the checkpoints, the log at `trace`, an export, a replay, and what the desk and the demo see.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_stands_in_anything_that_is_kept_or_given_out() -> anyhow::Result<()> {
    let Some((_stand_in, url)) = stand_in("real").await? else { return Ok(()) };
    let data = std::env::temp_dir().join(format!("ombud-canaries-{}", std::process::id()));
    let out = data.with_extension("out");
    for folder in [&data, &out] {
        drop(std::fs::remove_dir_all(folder));
    }
    std::fs::create_dir_all(&out)?;
    let log = std::fs::File::create(out.join("log"))?;
    let mut command = ombud_command(&url, &data);
    command.env("OMBUD_LOG_FILTER", "trace");
    let server = Process::start_with(&mut command, Stdio::from(log)).await?;
    let opened: Value = serde_json::from_str(server.first_line.as_deref().context("it opens")?)?;
    let address = opened.get("url").and_then(Value::as_str).context("url")?.to_owned();
    let said = plant(&address, &out).await?;
    ask(&data, &["export", "--customer", CUSTOMER, "--out", &out.join("export").display().to_string()]).await?;
    for command in [&["replay", "--all"][..], &["prove"]] {
        std::fs::write(out.join(command.join("-")), ask(&data, command).await?)?;
    }
    drop(server);
    let export = std::fs::read_to_string(out.join("export.json"))?;
    ensure!(export.contains("I want a person"), "the export has what was said");
    let mut wanted: Vec<String> = SECRETS.iter().map(|secret| (*secret).to_owned()).collect();
    wanted.extend(cards().flat_map(|card| written(&card)));
    wanted.extend([IN_PARTS[0].to_owned(), said]);
    for canary in wanted {
        for folder in [&data, &out] {
            ensure!(!stands_in(folder, &canary)?, "`{canary}` stands in a file of `{}`", folder.display());
        }
    }
    ensure!(stands_in(&out, "[card number removed]")?, "what was removed is marked");
    let (files, bytes) =
        [&data, &out].into_iter().map(|folder| sizes(folder)).try_fold((0, 0), |(files, bytes), more| {
            more.map(|(more_files, more_bytes)| (files + more_files, bytes + more_bytes))
        })?;
    // Each was looked for above; the first that was found ended the test.
    let n = SECRETS.len() + cards().count() + 2;
    writeln!(
        std::io::stdout(),
        "canaries: {n} cards and secrets by nine channels, 0 found in {files} files of {bytes} bytes"
    )?;
    for folder in [data, out] {
        drop(std::fs::remove_dir_all(folder));
    }
    Ok(())
}

/// Files below a folder, and their bytes.
fn sizes(folder: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let (more_files, more_bytes) = sizes(&entry.path())?;
            (files, bytes) = (files + more_files, bytes + more_bytes);
        } else {
            (files, bytes) = (files + 1, bytes + entry.metadata()?.len());
        }
    }
    Ok((files, bytes))
}

fn cards() -> impl Iterator<Item = String> {
    [IN_CHAT, IN_KEY, IN_PATH, IN_REPLY, IN_NOTE, IN_DOCUMENT, IN_LOCALE].into_iter().map(ToOwned::to_owned)
}

/// A number as people and programs write it.
fn written(card: &str) -> [String; 3] {
    let parts: Vec<&str> = (0..card.len()).step_by(4).filter_map(|at| card.get(at..card.len().min(at + 4))).collect();
    [card.to_owned(), parts.join(" "), parts.join("-")]
}

/// Brings one canary in by each channel; the one-time code that was right is returned.
async fn plant(address: &str, out: &Path) -> anyhow::Result<String> {
    let api = PublicApi::new(address)?;
    let session = api.open_demo_session(CUSTOMER).await?;
    let conversation = api.open_conversation(&session, None, None).await?;
    let id = conversation.id.as_str();
    for text in [
        &format!("my card is {IN_CHAT} cvv 937 and it does not work") as &str,
        "my PIN is 8264, my password is Zauberwort-93x and the code is 558213",
        &format!("the other card is {}", IN_PARTS[0]),
        IN_PARTS[1],
    ] {
        api.send(&session, id, text, None).await?;
    }
    // Whatever the answer is: a key, a path and a language are not for the log.
    drop(api.send(&session, id, "hello", Some(IN_KEY)).await);
    drop(api.conversation(&session, IN_PATH).await);
    drop(api.open_conversation(&session, Some(IN_LOCALE), None).await);
    let code = step_up(&api, &session).await?;
    api.send(&session, id, "I want a person", None).await?;
    let desk = BackOfficeAdmin::new(address, None, None)?;
    let opened = desk.post("/api/v1/demo/staff", &json!({"name": "Maja"})).await?;
    let token = opened.get("token").and_then(Value::as_str).context("a staff token")?.to_owned();
    let desk = BackOfficeAdmin::new(address, Some(&Sensitive::new(token)), None)?;
    let at = |act: &str| format!("/api/v1/desk/conversations/{id}/{act}");
    desk.post(&at("take"), &json!({})).await?;
    desk.post(&at("note"), &json!({"note": format!("he says {IN_NOTE}")})).await?;
    desk.post(&at("reply"), &json!({"text": format!("Is it the card {IN_REPLY}?")})).await?;
    api.send(&session, id, "yes", None).await?;
    let seen = desk.get(&format!("/api/v1/desk/conversations/{id}")).await?;
    std::fs::write(out.join("desk"), seen.to_string())?;
    std::fs::write(out.join("turns"), api.turns(&session, id).await?.to_string())?;
    let records = desk.get(&at("records")).await?;
    std::fs::write(out.join("records"), records.to_string())?;
    document(out).await?;
    Ok(code)
}

/// A wrong code, then the one that was sent; both are entered outside of the chat.
async fn step_up(api: &PublicApi, session: &ombud_connect::public_api::Session) -> anyhow::Result<String> {
    let conversation = api.open_conversation(session, None, None).await?;
    for text in ["I want to change my email address", "hannah.new@example.org"] {
        api.send(session, &conversation.id, text, None).await?;
    }
    api.step_up(session, &conversation.id, "558213").await?;
    let sent = api.demo_outbox(CUSTOMER).await?;
    let digits =
        |text: &str| text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(ToOwned::to_owned);
    let code = sent.iter().find_map(|message| digits(&message.text)).context("a code was sent")?;
    let told = api.step_up(session, &conversation.id, &code).await?;
    ensure!(told.awaiting.kind == "confirm", "{:?}", told.messages);
    Ok(format!("\"{code}\""))
}

/// A document of the company in which somebody left a card: no draft has it, and no finding repeats it.
async fn document(out: &Path) -> anyhow::Result<()> {
    let source = out.with_extension("document.md");
    std::fs::write(&source, format!("# Cards\n\nPay with the card {IN_DOCUMENT} of the office.\n"))?;
    let shop = out.join("shop");
    std::fs::create_dir_all(&shop)?;
    let mut told = run(&shop, &["init", "shop"]).await?;
    told.push_str(&run(&shop, &["knowledge", "ingest", "--author", "maja", &source.display().to_string()]).await?);
    told.push_str(&run(&shop, &["knowledge", "list"]).await?);
    drop(std::fs::remove_file(&source));
    std::fs::write(out.join("ingest"), told)?;
    Ok(())
}

/// What a command of the program prints, on both of its outputs.
async fn ask(data: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let folder = data.display().to_string();
    run(data, &[arguments, &["--data", &folder]].concat()).await
}

async fn run(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models()).args(arguments).current_dir(folder);
    let output = command.output().await?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "`{}`: {said}", arguments.join(" "));
    Ok(said)
}
