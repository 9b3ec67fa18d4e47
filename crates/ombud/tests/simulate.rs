//! Simulated customers with real processes: the same seed gives the same conversations, and the figures stand where they are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// Scenarios that cover a yes, a no, a one-time code and a person.
const SCENARIOS: usize = 6;

/// The stand-in lies beside our program when the whole workspace was built.
fn stand_in() -> anyhow::Result<Option<PathBuf>> {
    let program = Path::new(env!("CARGO_BIN_EXE_ombud")).with_file_name("ombud-backoffice");
    if program.is_file() {
        return Ok(Some(program));
    }
    if is_demanded() {
        bail!("`{}` is missing, build it first", program.display());
    }
    Ok(None)
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn is_demanded() -> bool {
    std::env::var_os("CI_DEMANDS_DATA").is_some()
}

fn skipped() -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "skipped: `ombud-backoffice` is not built")?;
    Ok(())
}

fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

/// Runs `ombud simulate --json` and gives its report.
fn simulate(arguments: &[&str]) -> anyhow::Result<(Value, Option<i32>)> {
    let pack = packs().join("paylater");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    // Read by words alone: quick to start, and the same on every machine.
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models());
    command.args(["simulate", "--json", "--company", "stories", "--pack"]).arg(&pack).args(arguments);
    command.current_dir(std::env::temp_dir());
    let output = command.output()?;
    let report =
        serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((report, output.status.code()))
}

/// The conversations without what is of one run only: ids in the assistant's reasons.
fn conversations(report: &Value) -> anyhow::Result<Vec<Value>> {
    let results = report.get("results").and_then(Value::as_array).context("results")?;
    let runs = results.iter().filter_map(|task| task.get("runs")?.as_array()).flatten();
    runs.map(|run| run.get("transcript").cloned().context("a transcript")).collect()
}

fn some_scenarios(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file)?;
    let ids = text.lines().filter_map(|line| line.strip_prefix("- id: ")).map(str::trim);
    Ok(ids.take(SCENARIOS).collect::<Vec<_>>().join(","))
}

#[test]
fn the_same_seed_twice_gives_the_same_conversations_and_another_seed_others() -> anyhow::Result<()> {
    if stand_in()?.is_none() {
        return skipped();
    }
    let file = packs().join("paylater/scenarios/account.yaml");
    let only = some_scenarios(&file)?;
    let file = file.display().to_string();
    let with_seed = |seed| simulate(&["--scenarios", &file, "--k", "3", "--only", &only, "--seed", seed]);
    let ((one, code), (two, _), (other, _)) = (with_seed("7")?, with_seed("7")?, with_seed("8")?);
    ensure!(code == Some(0), "whatever came out, the simulation was made: {code:?}");
    ensure!(one.get("k") == Some(&Value::from(3)) && one.get("tasks") == Some(&Value::from(SCENARIOS)), "{one}");
    ensure!(one.get("pass_1").is_some_and(Value::is_f64) && one.get("pass_k").is_some_and(Value::is_f64), "{one}");
    let (one, two, other) = (conversations(&one)?, conversations(&two)?, conversations(&other)?);
    ensure!(one.len() == SCENARIOS * 3);
    for (one, two) in one.iter().zip(&two) {
        ensure!(one == two, "{one:#}\n{two:#}");
    }
    ensure!(one != other, "the runs after the first differ by seed");
    Ok(())
}

#[test]
fn fewer_passed_than_demanded_is_a_failure_of_the_program() -> anyhow::Result<()> {
    if stand_in()?.is_none() {
        return skipped();
    }
    let (report, code) = simulate(&["--golden", "--only", "cancel_order", "--min-pass", "1.01"])?;
    ensure!(code == Some(1), "{code:?}");
    ensure!(report.get("tasks").and_then(Value::as_u64).is_some_and(|tasks| tasks > 0), "{report}");
    Ok(())
}

/// R57.
#[test]
fn every_golden_turn_comes_out_the_same() -> anyhow::Result<()> {
    if stand_in()?.is_none() {
        return skipped();
    }
    let (report, code) = simulate(&["--golden", "--replay"])?;
    let figure = |name: &str| report.pointer(&format!("/replay/{name}")).and_then(Value::as_u64);
    let (turns, same) = (figure("turns").context("turns")?, figure("same").context("same")?);
    {
        use std::io::Write as _;
        writeln!(std::io::stdout(), "golden dialogues: {same} turns come out the same")?;
    }
    ensure!(code == Some(0) && turns == same && turns > 300, "{}", report.get("replay").context("replay")?);
    Ok(())
}

/// Runs the program on the pack, read by words alone, and gives what it prints as JSON.
fn told(arguments: &[&str]) -> anyhow::Result<(Value, Option<i32>)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models()).args(arguments).arg("--json").arg("--pack");
    let output = command.arg(packs().join("paylater")).current_dir(std::env::temp_dir()).output()?;
    let told =
        serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((told, output.status.code()))
}

/// Each part of the context that is switched off is missed by the customers who need it, and by no others.
#[test]
fn what_is_switched_off_is_missed_by_who_needs_it() -> anyhow::Result<()> {
    if stand_in()?.is_none() {
        return skipped();
    }
    let only = "the-other-order-at-the-same-shop,an-earlier-chat-is-remembered,parcel-at-pickup-point";
    let (told, code) = told(&["eval", "ablation", "--parts", "vector,graph,memory", "--only", only])?;
    ensure!(
        code == Some(0) && told.get("passed") == Some(&Value::from(3)) && told.get("n") == Some(&Value::from(3)),
        "{told}"
    );
    let without = told.get("without").and_then(Value::as_array).context("without")?;
    let lost = without.iter().map(|one| (one.get("part"), one.get("measured"), one.get("lost")));
    let lost: Vec<String> = lost.map(|(part, measured, lost)| format!("{part:?} {measured:?} {lost:?}")).collect();
    let expected = [
        ("vector", false, vec![]),
        ("graph", true, vec!["the-other-order-at-the-same-shop"]),
        ("memory", true, vec!["an-earlier-chat-is-remembered"]),
    ];
    let expected = expected.map(|(part, measured, lost)| {
        format!("{:?} {:?} {:?}", Some(&Value::from(part)), Some(&Value::from(measured)), Some(&Value::from(lost)))
    });
    ensure!(lost == expected, "{lost:#?}");
    Ok(())
}

/// From a change in the company's systems to its use: p99 under 2 s.
#[test]
fn a_change_at_the_company_is_used_within_two_seconds() -> anyhow::Result<()> {
    if stand_in()?.is_none() {
        return skipped();
    }
    let (told, code) = told(&["bench", "freshness", "--changes", "20", "--p99-max", "2000"])?;
    {
        use std::io::Write as _;
        writeln!(std::io::stdout(), "freshness: {told}")?;
    }
    ensure!(code == Some(0) && told.get("n") == Some(&Value::from(20)), "{told}");
    ensure!(told.get("p99_ms").and_then(Value::as_f64).is_some_and(|p99| p99 > 0.0 && p99 < 2_000.0), "{told}");
    Ok(())
}

/// An API of one's own: a customer with one order that has been sent.
fn own_api() -> anyhow::Result<String> {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = [0; 4_096];
            let read = stream.read(&mut asked).unwrap_or_default();
            let asked = String::from_utf8_lossy(asked.get(..read).unwrap_or_default()).into_owned();
            let body = match asked.split(' ').nth(1) {
                Some("/customers/C-1") => r#"{"id": "C-1", "first_name": "Ada"}"#,
                Some("/customers/C-1/orders") => {
                    r#"[{"id": "O-17", "status": "on its way", "placed_at": "2026-11-01T00:00:00Z"}]"#
                }
                _ => "{}",
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    Ok(url)
}

/// The dialogues of a flow are held with the author's own API where he names it, and where it is down that is said.
#[test]
fn dialogues_are_held_with_an_api_of_ones_own() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("ombud-own-api-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let ombud = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
        command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models()).args(arguments).current_dir(&folder);
        command.output().context("the program starts")
    };
    ensure!(ombud(&["init", "corner-shop"])?.status.success(), "a pack is made");
    let dialogue = "- name: sent
  customer: C-1
  turns:
    - say: where is my order
      expect: { slot: order }
    - say: O-17
      expect: { contains: [Order O-17 is on its way] }
";
    std::fs::write(folder.join("packs/corner-shop/flows/parcel_status/tests.yaml"), dialogue)?;
    let golden = ["simulate", "--json", "--golden", "--pack", "packs/corner-shop", "--min-pass", "1"];
    let url = own_api()?;
    let told = format!("backoffice.url={url}");
    for own in [&["--backoffice", &url][..], &["--set", &told, "--backoffice"]] {
        let held = ombud(&[&golden, own].concat())?;
        let said = String::from_utf8_lossy(&held.stdout).into_owned() + &String::from_utf8_lossy(&held.stderr);
        ensure!(held.status.success(), "{said}");
        ensure!(said.contains("O-17"), "{said}");
    }
    let down = ombud(&[&golden[..], &["--backoffice", "http://127.0.0.1:9"]].concat())?;
    let said = String::from_utf8_lossy(&down.stderr).into_owned();
    ensure!(down.status.code() == Some(1), "{said}");
    ensure!(
        said.contains("the API at `http://127.0.0.1:9` does not answer: start it, or correct --backoffice"),
        "{said}"
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
