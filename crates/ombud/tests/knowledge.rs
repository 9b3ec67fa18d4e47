//! What becomes of a document that somebody brings? It waits, and customers hear nothing of it until a person has let it in.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use ombud_ports::{KnowledgeIndex as _, KnowledgeQuery, Words};
use ombud_retrieval::Knowledge;
use ombud_store::knowledge_index::ArticleIndex;
use serde_json::Value;

const HOURS: &str = "packs/shop/knowledge/opening-hours.md";
const QUESTION: &str = "when are you open";

/// A folder of its own with a new pack.
fn shop(name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("ombud-knowledge-{name}-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(folder.join("help"))?;
    done(&folder, &["init", "shop"])?;
    Ok(folder)
}

fn ombud(folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models()).env_remove("OMBUD_STAFF_TOKEN");
    command.args(arguments).current_dir(folder).output().context("the program starts")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn done(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = ombud(folder, arguments)?;
    ensure!(output.status.success(), "{arguments:?}: {}", text(&output));
    Ok(String::from_utf8(output.stdout)?)
}

fn told(folder: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    Ok(serde_json::from_slice(&ombud(folder, &arguments)?.stdout)?)
}

/// The passages that answer a question, as a server started now would find them, and the hash of the pack.
fn answers(folder: &Path) -> anyhow::Result<(Vec<String>, Value)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join("packs/shop/knowledge"))? {
        let path = entry?.path();
        files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
    }
    files.sort();
    let knowledge = Knowledge::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))
        .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
    let query = KnowledgeQuery {
        asked: None,
        balance: ombud_retrieval::Balance::default(),
        text: QUESTION.to_owned(),
        words: Words::Compared,
        vector: None,
        locale: "en".to_owned(),
        market: "US".to_owned(),
        audience: "customer".to_owned(),
        today: "2026-12-01".to_owned(),
        passages_max: 3,
    };
    let found = ArticleIndex::build(knowledge)?.search(&query)?;
    let hash = told(folder, &["validate", "packs/shop"])?.get("hash").cloned().context("the pack is valid")?;
    Ok((found.into_iter().map(|passage| passage.text).collect(), hash))
}

fn on_shop<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    ["knowledge"].into_iter().chain(arguments.iter().copied()).chain(["--pack", "packs/shop"]).collect()
}

/// R29: neither what customers are told nor the pack itself changes until somebody else has accepted what was found; and all is as before after a roll-back.
#[test]
fn answers_stay_as_they_are_until_a_draft_is_approved() -> anyhow::Result<()> {
    let folder = shop("approve")?;
    let before = answers(&folder)?;
    let poisoned = std::fs::read_to_string(folder.join(HOURS))?.replace("17:00", "23:00");
    std::fs::write(folder.join("help/opening-hours.md"), poisoned)?;
    let brought = told(&folder, &on_shop(&["ingest", "help", "--author", "mallory"]))?;
    assert_eq!(brought.pointer("/documents/0/came"), Some(&Value::from("changed")), "{brought}");
    assert_eq!(brought.pointer("/documents/0/findings"), Some(&serde_json::json!(["figure_changed"])));
    assert_eq!(answers(&folder)?, before);
    let shown = done(&folder, &on_shop(&["review", "opening-hours"]))?;
    ensure!(shown.contains("figure_changed") && shown.contains("+Our customer service"), "{shown}");
    for (arguments, why) in [
        (&["approve", "opening-hours", "--by", "ivan"][..], "--accept"),
        (&["approve", "opening-hours", "--by", "Mallory", "--accept", "figure_changed"][..], "another person"),
        (&["approve", "opening-hours", "--by", "ivan", "--accept", "everything"][..], "no finding is called"),
    ] {
        let refused = ombud(&folder, &on_shop(arguments))?;
        ensure!(refused.status.code() == Some(1) && text(&refused).contains(why), "{}", text(&refused));
        assert_eq!(answers(&folder)?, before);
    }
    done(&folder, &on_shop(&["approve", "opening-hours", "--by", "ivan", "--accept", "figure_changed"]))?;
    let after = answers(&folder)?;
    ensure!(after != before && after.0.iter().any(|passage| passage.contains("23:00")), "{after:?}");
    done(&folder, &on_shop(&["rollback", "opening-hours", "--by", "ivan"]))?;
    assert_eq!(answers(&folder)?.0, before.0);
    let listed = told(&folder, &on_shop(&["list"]))?;
    assert_eq!(listed.pointer("/articles/0/state"), Some(&Value::from("as approved")), "{listed}");
    assert_eq!(listed.pointer("/articles/0/version"), Some(&Value::from(1)));
    Ok(())
}

#[test]
fn only_what_changed_comes_again_and_what_is_gone_is_proposed_for_withdrawal() -> anyhow::Result<()> {
    let folder = shop("again")?;
    std::fs::write(
        folder.join("help/sizes.md"),
        "# How do I find my size?\n\nMost shops show a table of sizes beside each product.\n",
    )?;
    std::fs::write(
        folder.join("help/care.html"),
        "<main><h1>How do I look after shoes?</h1><p>Let wet shoes dry slowly.</p></main>",
    )?;
    std::fs::write(folder.join("help/broken.pdf"), "no pdf at all")?;
    let counts = |told: &Value| {
        ["new", "changed", "unchanged", "gone", "failed"]
            .map(|name| told.get(name).and_then(Value::as_u64).unwrap_or(99))
    };
    let ingest = on_shop(&["ingest", "help", "--author", "maja"]);
    let first = told(&folder, &ingest)?;
    assert_eq!(counts(&first), [2, 0, 0, 0, 1], "{first}");
    assert_eq!(counts(&told(&folder, &ingest)?), [0, 0, 2, 0, 1]);
    done(&folder, &on_shop(&["approve", "sizes", "care", "--by", "maja"]))?;
    assert_eq!(counts(&told(&folder, &ingest)?), [0, 0, 2, 0, 1]);
    ensure!(folder.join("packs/shop/knowledge/care.md").exists());
    std::fs::remove_file(folder.join("help/sizes.md"))?;
    std::fs::write(
        folder.join("help/care.html"),
        "<main><h1>How do I look after shoes?</h1><p>Let wet shoes dry slowly, away from heaters.</p></main>",
    )?;
    assert_eq!(counts(&told(&folder, &ingest)?), [0, 1, 0, 1, 1]);
    ensure!(
        !ombud(&folder, &on_shop(&["approve", "sizes", "--by", "ivan"]))?.status.success(),
        "a withdrawal is accepted by its code"
    );
    done(&folder, &on_shop(&["approve", "sizes", "--by", "ivan", "--accept", "withdrawal"]))?;
    ensure!(!folder.join("packs/shop/knowledge/sizes.md").exists());
    done(&folder, &on_shop(&["reject", "care", "--by", "ivan"]))?;
    assert_eq!(counts(&told(&folder, &ingest)?), [0, 0, 1, 0, 1]);
    done(&folder, &on_shop(&["rollback", "sizes", "--by", "ivan"]))?;
    ensure!(folder.join("packs/shop/knowledge/sizes.md").exists());
    let valid = told(&folder, &["validate", "packs/shop"])?;
    assert_eq!(valid.get("valid"), Some(&Value::Bool(true)), "{valid}");
    Ok(())
}

#[test]
fn where_a_list_says_who_may_only_a_token_shows_it() -> anyhow::Result<()> {
    let folder = shop("signed")?;
    std::fs::write(folder.join("help/sizes.md"), "# How do I find my size?\n\nMost shops show a table of sizes.\n")?;
    let list = "knowledge.authors=maja";
    let told_only = ombud(&folder, &on_shop(&["ingest", "help", "--author", "maja", "--set", list]))?;
    ensure!(!told_only.status.success() && text(&told_only).contains("token"), "{}", text(&told_only));
    for (name, is_let_in) in [("ivan", false), ("maja", true)] {
        std::fs::write(folder.join("token"), done(&folder, &["token", "staff", "--name", name])?)?;
        let output = ombud(&folder, &on_shop(&["ingest", "help", "--token-file", "token", "--set", list]))?;
        assert_eq!(output.status.success(), is_let_in, "{}", text(&output));
    }
    let waiting = told(&folder, &on_shop(&["review"]))?;
    assert_eq!(waiting.pointer("/waiting/0/told/is_signed"), Some(&Value::Bool(true)), "{waiting}");
    Ok(())
}

/// A site of three pages on this machine, until the test ends.
fn site() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = format!("http://{}", listener.local_addr()?);
    let base = host.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &base);
        }
    });
    Ok(host)
}

fn answer(mut stream: std::net::TcpStream, base: &str) -> std::io::Result<()> {
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes)?;
    let request = String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).into_owned();
    let page = |title: &str| {
        format!(
            "<html><nav>Menu</nav><main><h1>{title}</h1><p>Most shops show a table beside each product.</p></main></html>"
        )
    };
    let (status, body) = match request.split(' ').nth(1).unwrap_or_default() {
        "/sitemap.xml" => {
            let urls = ["/help/sizes", "/help/colours", "/help/gone"]
                .map(|path| format!("<url><loc>{base}{path}</loc></url>"));
            ("200 OK", format!("<urlset>{}<url><loc>http://other.test/</loc></url></urlset>", urls.concat()))
        }
        "/help/sizes" => ("200 OK", page("How do I find my size?")),
        "/help/colours" => ("200 OK", page("Which colours are there?")),
        _ => ("404 Not Found", String::new()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn pages_of_a_sitemap_wait_with_their_address_and_a_private_one_is_asked_for() -> anyhow::Result<()> {
    let (folder, host) = (shop("site")?, site()?);
    let sitemap = format!("{host}/sitemap.xml");
    let refused = ombud(&folder, &on_shop(&["ingest", "--sitemap", &sitemap, "--author", "maja"]))?;
    ensure!(!refused.status.success() && text(&refused).contains("--allow-private"), "{}", text(&refused));
    let brought = told(
        &folder,
        &on_shop(&["ingest", "--sitemap", &sitemap, "--author", "maja", "--allow-private", "--locale", "en"]),
    )?;
    assert_eq!(
        (brought.get("new"), brought.get("failed")),
        (Some(&Value::from(2)), Some(&Value::from(1))),
        "{brought}"
    );
    let draft = std::fs::read_to_string(folder.join("packs/shop/incoming/waiting/help-sizes.en.md"))?;
    ensure!(
        draft.contains("title: How do I find my size?") && draft.contains(&format!("source: {host}/help/sizes")),
        "{draft}"
    );
    ensure!(!draft.contains("Menu"), "{draft}");
    Ok(())
}
