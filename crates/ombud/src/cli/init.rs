//! A new pack and an `ombud.toml`: small, valid, and with a word at every place where a company puts its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use super::demo::write_private;
use super::keys::make_master;
use super::{Context, Outcome, Output};
use crate::clock::fresh_secret;
use crate::terminal::{bold, say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud init my-company
  ombud init my-company --title \"My Company\" --into ./customer-service";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Name of the pack: lower-case letters, digits, `-` and `_`.
    name: String,
    /// The company's name as customers know it; the pack's name if left out.
    #[arg(long)]
    title: Option<String>,
    /// Folder to write into.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    if options.name.is_empty() || !options.name.chars().all(is_name) || options.name == "base" {
        bail!("`{}` cannot be the name of a pack, use lower-case letters, digits, `-` and `_`", options.name);
    }
    let title = options.title.clone().unwrap_or_else(|| options.name.clone());
    let written = write(&options.into, &options.name, &title)?;
    match context.output {
        Output::Json => say_json(&json!({"written": written}))?,
        Output::Text => {
            for path in &written {
                say(format_args!("wrote {}", path.display()));
            }
            say(format_args!("\nNext: {}", bold(format_args!("ombud validate packs/{}", options.name))));
            say(format_args!("then put your systems' URL into ombud.toml and run `ombud doctor`."));
        }
    }
    Ok(Outcome::Done)
}

/// Writes all files; none is overwritten.
fn write(into: &Path, name: &str, title: &str) -> anyhow::Result<Vec<PathBuf>> {
    let pack = into.join("packs").join(name);
    let mut files: Vec<(PathBuf, String)> =
        SKELETON.iter().map(|(path, text)| (pack.join(path), text.to_string())).collect();
    for (_, text) in &mut files {
        *text = text.replace("{name}", name).replace("{title}", &toml_text(title));
    }
    let config = into.join("ombud.toml");
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        bail!("`{}` is there already, take another name or folder", taken.display());
    }
    let mut written = Vec::new();
    for (path, text) in files {
        let folder = path.parent().unwrap_or(into);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        written.push(path);
    }
    if !config.exists() {
        let text = CONFIG.replace("{name}", name).replace("{secret}", &fresh_secret());
        write_private(&config, &text).with_context(|| format!("cannot write `{}`", config.display()))?;
        written.push(config);
        let master = into.join("master.key");
        if !master.exists() {
            make_master(&master)?;
            written.push(master);
        }
    }
    Ok(written)
}

/// Text as it may stand between quotes in TOML, YAML and Markdown front matter.
fn toml_text(title: &str) -> String {
    title.chars().filter(|letter| !letter.is_control() && !matches!(letter, '"' | '\\' | '{' | '}')).collect()
}

const CONFIG: &str = r#"# Ombud's configuration; `ombud config-reference` explains every setting.
# This file holds a secret: keep it out of version control, or give the secret as OMBUD_SESSION_SECRET.

[server]
listen = "127.0.0.1:8080"

[session]
secret = "{secret}"

[pack]
path = "packs/{name}"

[database]
url = "sqlite:ombud.db"

[privacy]
# Personal text is sealed with keys in a database of their own, which this key opens. Keep it safe: without it nothing can be read any more.
# Before real customers write: move both where backups of the ledger do not go.
master_key_file = "master.key"
keys_url = "sqlite:keys/ombud-keys.db"

[desk]
# Who may approve what needs the approval of people, by the name in their tokens (`ombud token staff --name NAME`).
approvers = []

[backoffice]
# Base URL of your own systems; try it with `ombud-backoffice serve` first.
url = "http://127.0.0.1:8090"
token = "backoffice-demo-token"

# [model]
# url = "https://host/v1"
# name = "..."
# Give the key as OMBUD_MODEL_KEY.
"#;

const SKELETON: [(&str, &str); 9] = [
    (
        "pack.toml",
        r#"# Your company, as data. `base` brings conversation repair, floor policies and the general texts; what stands here replaces them.
name = "{name}"
title = "{title}"
extends = "base"
locales = ["en"]
default_locale = "en"
markets = ["US"]
timezone = "UTC"

[assistant]
name = "Assistant"

[patterns]
# How your order numbers look; used to read them out of messages.
order_number = ['\bORD-\d{6}\b']

[identity]
# The read that loads the record of a customer whom your site has signed in.
customer = "load_customer"

[menu]
flows = ["parcel_status"]
"#,
    ),
    (
        "actions/load_customer.yaml",
        r#"# One file for each call of your systems. Only records that belong to the customer are ever shown: `owner` says whose it is.
action: load_customer
risk: read
method: GET
path: /customers/{customer_id}
in:
  customer_id: { type: string, kind: customer }
owner: "result.id"
deadline_ms: 3000
attempts: 3
"#,
    ),
    (
        "actions/load_orders.yaml",
        r#"action: load_orders
risk: read
method: GET
path: /customers/{customer_id}/orders
in:
  customer_id: { type: string, kind: customer }
owner: session
owns:
  order: "result.map(o, o.id)"
deadline_ms: 3000
attempts: 3
"#,
    ),
    (
        "flows/parcel_status/flow.yaml",
        r#"# Where is my order? A lookup, a choice when there are several, an answer from the record.
flow: parcel_status
identity: identified
steps:
  - lookup: load_orders
    with: { customer_id: "customer.id" }
    save: orders
  - ask: order
    choose:
      from: "orders"
      id: "item.id"
      name: "item.id"
      label: order_label
      at: "item.placed_at"
      none: no_orders
    otherwise: handoff
  - answer: status
"#,
    ),
    (
        "flows/parcel_status/texts/en.yaml",
        r#"title: Where is my order?
examples:
  - where is my order
  - where is my parcel
  - has my order been shipped
  - when will my package arrive
  - track my order
  - I want to know the status of my order
  - my delivery has not come yet
  - is my package on its way
  - what is happening with my order
  - order status please
ask_order: Which order do you mean?
order_label: "Order {{ item.id }}"
no_orders: I cannot find an order on your account.
status: "Order {{ order.id }} is {{ order.status }}."
"#,
    ),
    (
        "locales/en.yaml",
        "# Texts of the base that you want to say in your own words; the keys are those of packs/base/locales/en.yaml.\nno_orders_at_all: You have not ordered anything yet.\n",
    ),
    (
        "policies/company.cedar",
        r#"// What may be done, beyond what the base forbids. Reads of a customer's own records are allowed by the base.
"#,
    ),
    (
        "knowledge/opening-hours.md",
        r#"---
id: opening-hours
title: When can I reach a person?
locale: en
audience: customer
questions:
  - when are you open
  - opening hours
  - when can I talk to somebody
---

Our customer service is staffed from Monday to Friday between 9:00 and 17:00. Outside these hours the assistant answers, and a person takes over on the next working day.
"#,
    ),
    (
        "README.md",
        r"# {title}

What your company's agent knows and may do. Check it with `ombud validate`; every change can be reviewed like code.

- `pack.toml`: name, languages, markets, how customers are identified
- `knowledge/*.md`: what it may tell customers, one article a file
- `flows/<name>/`: what it can do for them, step by step, with its texts and example sentences
- `actions/*.yaml`: the calls of your systems that flows may make
- `policies/*.cedar`: what is allowed, to whom, up to which limit
",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs::PackSource;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ombud-init-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_new_pack_is_valid_and_nothing_is_overwritten() {
        let into = folder("new");
        write(&into, "my-company", "My \"Company\"").unwrap();
        let source = PackSource::find(into.join("packs/my-company").to_str().unwrap()).unwrap();
        let (pack, knowledge) = source.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pack.manifest.title.as_str(), knowledge.articles.len()), ("My Company", 1));
        assert!(write(&into, "my-company", "x").is_err());
        let config = std::fs::read_to_string(into.join("ombud.toml")).unwrap();
        let config: crate::config::Config = toml::from_str(&config).unwrap();
        assert!(config.session.secret.len() >= 32);
    }

    #[test]
    fn a_typo_in_a_pack_is_shown_with_file_and_line() {
        let into = folder("typo");
        write(&into, "shop", "Shop").unwrap();
        let file = into.join("packs/shop/flows/parcel_status/flow.yaml");
        let text = std::fs::read_to_string(&file).unwrap().replace("lookup: load_orders", "lookup: load_ordres");
        std::fs::write(&file, text).unwrap();
        let source = PackSource::find(into.join("packs/shop").to_str().unwrap()).unwrap();
        let error = source.parse().unwrap_err().to_string();
        assert!(error.contains("shop/flows/parcel_status/flow.yaml:5: ") && error.contains("load_ordres"), "{error}");
    }
}
