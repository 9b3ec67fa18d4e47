//! One lane: a company whose system offers one thing, one database, and Ombud killed before it again and again.

use std::path::{Path, PathBuf};
use std::process::Command as Blocking;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use ombud_connect::public_api::Session;
use ombud_connect::{BackOfficeAdmin, PublicApi};
use ombud_domain::{CustomerId, IdentityLevel, Sensitive, SessionId};
use ombud_http::{Claims, Role, Tokens};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::POINTS;
use crate::claim::{Claim, Told};
use crate::processes::{Process, TOKEN, stand_in};

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";
/// How long a process may take to come to its crash point once the customer has said all; then it is killed from outside.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// How long a customer may be left without a final word once nobody is killed any more.
const STUCK: Duration = Duration::from_secs(60);
/// How long the company's system works on each refund, so that it can be under way while we die.
const LATENCY_MS: u64 = 250;

/// What the company's system offers when an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// The same key gives the same answer.
    Keys,
    /// A read shows whether it was done.
    LookUp,
    /// Nothing.
    Nothing,
}

impl Offers {
    const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::LookUp => "look-up",
            Self::Nothing => "neither",
        }
    }

    /// What is added to the action.
    const fn yaml(self) -> &'static str {
        match self {
            Self::Keys => "idempotency: key\nambiguity: retry_same_key\n",
            Self::LookUp => {
                "recover:\n  lookup: refunds_of_payment\n  with: { payment_id: payment_id, reference: reference }\n  \
                 done: count(result) > 0\n  receipt: \"count(result) > 0 ? result[0].id : null\"\n"
            }
            Self::Nothing => "",
        }
    }
}

/// Where the ledger is.
#[derive(Debug, Clone)]
pub enum Database {
    Sqlite,
    Postgres { server: String },
}

impl Database {
    const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// The address of an empty database.
    fn fresh(&self, folder: &Path, name: &str) -> anyhow::Result<String> {
        let Self::Postgres { server } = self else {
            return Ok(format!("sqlite:{}", folder.join("ledger.db").display()));
        };
        for sql in [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")] {
            let made = Blocking::new("psql").args([server.as_str(), "--quiet", "--command", &sql]).output();
            let made = made.context("PostgreSQL's `psql` can be started")?;
            ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        let (host, _) = server.rsplit_once('/').context("the address names a database")?;
        Ok(format!("{host}/{name}"))
    }
}

pub struct Lane {
    pub database: Database,
    pub offers: Offers,
    pub kills: u32,
    /// Index of the first crash point.
    pub first: u32,
}

/// What came of a lane.
#[derive(Debug, Default)]
pub struct Tally {
    pub lane: String,
    pub kills: u32,
    /// Deaths at the point that was named; the others were killed from outside.
    pub at_a_point: u32,
    pub refunds: u32,
    /// Paid once.
    pub once: u32,
    /// Not paid, and the customer knows that or that nobody knows.
    pub none: u32,
    pub double: u32,
    /// Neither paid nor honestly said, or paid and called not done.
    pub lost: u32,
    pub stuck: u32,
    /// The longest that a customer waited for a final word after the last start.
    pub longest: Duration,
    /// Turns that came out the same when they were run again from what is stored; those that were killed, up to their last intent.
    pub replayed: u64,
    /// Refunds of the company that stand in the books, with the same amount, as its statement shows.
    pub booked: u32,
    /// What was wrong, in words.
    pub wrong: Vec<String>,
}

/// What a lane runs with.
pub struct Ground {
    pub folder: PathBuf,
    pub database_url: String,
    company_url: String,
    pub admin: BackOfficeAdmin,
    _company: Process,
    payment_id: String,
    pub session: Session,
}

impl Lane {
    pub async fn run(self) -> anyhow::Result<Tally> {
        let ground = self.prepare().await?;
        let mut tally = Tally { lane: format!("{}, {}", self.database.name(), self.offers.name()), ..Tally::default() };
        let mut claims: Vec<Claim> = Vec::new();
        while tally.kills < self.kills {
            let point = usize::try_from(self.first.wrapping_add(tally.kills))? % POINTS.len();
            let point = POINTS.get(point).copied().unwrap_or_default();
            let process = ground.serve(&[("OMBUD_CRASH_AT", point.to_owned())]).await?;
            if let Some(api) = api_of(&process)? {
                claims.push(Claim::new(tally.refunds + 1, ground.session.clone()));
                tally.refunds += 1;
                for claim in &mut claims {
                    // Whoever gets no answer keeps what is to be said, and says it after the next start.
                    if claim.go_on(&api).await.is_err() {
                        break;
                    }
                }
            }
            tally.at_a_point += u32::from(process.dies_within(PATIENCE).await?);
            tally.kills += 1;
        }
        self.judge(&ground, claims, &mut tally).await?;
        ground.replay(&mut tally).await?;
        self.keep_books(&ground, &mut tally).await?;
        drop(std::fs::remove_dir_all(&ground.folder));
        Ok(tally)
    }

    async fn prepare(&self) -> anyhow::Result<Ground> {
        self.prepare_as("crash").await
    }

    pub async fn prepare_as(&self, what: &str) -> anyhow::Result<Ground> {
        let name = format!(
            "{what}_{}_{}_{}",
            self.database.name().to_lowercase(),
            self.offers.name().replace('-', ""),
            std::process::id()
        );
        let folder = std::env::temp_dir().join(format!("ombud-{name}"));
        drop(std::fs::remove_dir_all(&folder));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/pack"), &folder.join("pack"))?;
        let action = folder.join("pack/actions/refund_payment.yaml");
        std::fs::write(&action, format!("{}{}", std::fs::read_to_string(&action)?, self.offers.yaml()))?;
        let database_url = self.database.fresh(&folder, &name)?;
        let (company, url) = stand_in("real").await?.context("it was there before")?;
        let admin = BackOfficeAdmin::new(&url, Some(&Sensitive::new(TOKEN.to_owned())), None)?;
        let (customer_id, payment_id) = payer(&admin).await?;
        let faults = json!({"latency_ms": LATENCY_MS, "paths": [format!("/payments/{payment_id}/refunds")]});
        admin.post("/admin/faults", &faults).await?;
        let session = session(customer_id)?;
        Ok(Ground { folder, database_url, company_url: url, admin, _company: company, payment_id, session })
    }

    /// R72: the books are what the events tell, and every refund of the company stands in them once. Where the company's system cannot tell, what nobody knows is
    /// held, and the statement shows it.
    pub async fn keep_books(&self, ground: &Ground, tally: &mut Tally) -> anyhow::Result<()> {
        let checked = ground.books(&["check"]).await?;
        if checked.get("fits") != Some(&json!(true)) {
            tally.wrong.push(format!("{}: books: {checked}", tally.lane));
        }
        let refunds = ground.admin.get(&format!("/payments/{}/refunds", ground.payment_id)).await?;
        let refunds = refunds.as_array().context("refunds")?;
        let mut statement = "id,minor,currency,state\n".to_owned();
        for refund in refunds {
            let text = |path: &str| refund.pointer(path).map(Value::to_string).unwrap_or_default();
            let line = [text("/id"), text("/amount/minor"), text("/amount/currency"), text("/state")];
            statement.push_str(&(line.join(",") + "\n"));
        }
        std::fs::write(ground.folder.join("statement.csv"), statement)?;
        let compared = ground.books(&["reconcile", "--statement", "statement.csv"]).await?;
        let held = usize::try_from(checked.get("held").and_then(Value::as_u64).context("held")?)?;
        let found = compared.get("discrepancies").and_then(Value::as_array).context("discrepancies")?;
        let of_unknown = found.iter().all(|one| one.get("kind") == Some(&json!("missing_here"))) && found.len() <= held;
        tally.booked += u32::try_from(refunds.len().saturating_sub(found.len()))?;
        if (self.offers != Offers::Nothing && (!found.is_empty() || held > 0)) || !of_unknown {
            tally.wrong.push(format!("{}: {held} held, reconciled: {compared}", tally.lane));
        }
        Ok(())
    }

    /// After the last start nobody is killed: every customer gets a final word, and it is what the company's records say.
    pub async fn judge(&self, ground: &Ground, mut claims: Vec<Claim>, tally: &mut Tally) -> anyhow::Result<()> {
        let process = ground.serve(&[]).await?;
        let api = api_of(&process)?.context("it opens when nobody kills it")?;
        let begun = Instant::now();
        let mut open: Vec<usize> = (0..claims.len()).collect();
        while !open.is_empty() && begun.elapsed() < STUCK {
            let mut still = Vec::new();
            for index in open {
                let Some(claim) = claims.get_mut(index) else { continue };
                claim.go_on(&api).await?;
                match claim.told(&api).await? {
                    Told::Done | Told::Person => tally.longest = tally.longest.max(begun.elapsed()),
                    Told::NotDone => {
                        // It was not: so it may be asked for again, and is paid then.
                        if self.offers != Offers::Nothing && ground.paid(&claim.reference).await? == 0 {
                            claim.ask_again();
                            still.push(index);
                        }
                    }
                    Told::Nothing => still.push(index),
                }
            }
            open = still;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        for (index, claim) in claims.iter().enumerate() {
            let (paid, told) = (ground.paid(&claim.reference).await?, claim.told(&api).await?);
            let before = tally.wrong.len();
            if open.contains(&index) {
                tally.stuck += 1;
                tally.wrong.push(format!("stuck, paid {paid} times"));
            }
            match (paid, told) {
                (0, Told::Person) | (0, Told::NotDone) if self.offers == Offers::Nothing => tally.none += 1,
                (1, Told::Done) => tally.once += 1,
                (1, Told::Person) if self.offers == Offers::Nothing => tally.once += 1,
                (0 | 1, told) => {
                    tally.lost += 1;
                    tally.wrong.push(format!("paid {paid} times and told {told:?}"));
                }
                (_, told) => {
                    tally.double += 1;
                    tally.wrong.push(format!("paid {paid} times and told {told:?}"));
                }
            }
            if tally.wrong.len() > before {
                let said = claim.transcript(&api).await?;
                for wrong in tally.wrong.iter_mut().skip(before) {
                    *wrong = format!("{}, claim {}: {wrong}: {said}", tally.lane, claim.number);
                }
            }
        }
        Ok(())
    }
}

impl Ground {
    /// Ombud with these in its environment.
    pub async fn serve(&self, environment: &[(&str, String)]) -> anyhow::Result<Process> {
        let mut command = self.ombud(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Process::start(&mut command).await
    }

    fn ombud(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
        // Read by words alone: quick to start, and the same on every machine.
        command.env("OMBUD_MODELS_FOLDER", ombud_testkit::no_models());
        command.current_dir(&self.folder).args(arguments).args(["--json", "--pack", "pack"]);
        for setting in [
            format!("database.url={}", self.database_url),
            format!("backoffice.url={}", self.company_url),
            format!("backoffice.token={TOKEN}"),
            format!("session.secret={SECRET}"),
            "backoffice.deadline_ms=1500".to_owned(),
            "limits.session_messages_per_minute=0".to_owned(),
            "limits.session_requests_per_minute=0".to_owned(),
            "limits.address_requests_per_minute=0".to_owned(),
        ] {
            command.args(["--set", &setting]);
        }
        command
    }

    /// What `ombud books` says.
    pub async fn books(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self.ombud(&[&["books"], arguments].concat()).output().await?;
        serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// R57: runs every turn again, those too that were killed.
    pub async fn replay(&self, tally: &mut Tally) -> anyhow::Result<()> {
        let output = self.ombud(&["replay", "--all"]).output().await?;
        let summary: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let figure = |name: &str| summary.get(name).and_then(Value::as_u64).unwrap_or_default();
        tally.replayed = figure("same");
        if !output.status.success() || figure("same") != figure("turns") || figure("turns") == 0 {
            tally.wrong.push(format!("{}: replayed: {summary}", tally.lane));
        }
        Ok(())
    }

    /// Answers that were given and do not stand in their conversations.
    pub async fn forgotten(&self, acknowledged: &[(String, usize)]) -> anyhow::Result<u32> {
        let process = self.serve(&[]).await?;
        let api = api_of(&process)?.context("it opens when nothing fails")?;
        let mut forgotten = 0;
        for (id, answered) in acknowledged.iter().filter(|(_, answered)| *answered > 0) {
            let now = api.conversation(&self.session, id).await?;
            let said = now.messages.iter().filter(|message| message.author == "customer").count();
            forgotten += u32::try_from(answered.saturating_sub(said))?;
        }
        Ok(forgotten)
    }

    /// How often the company paid.
    async fn paid(&self, reference: &str) -> anyhow::Result<usize> {
        let path = format!("/payments/{}/refunds?reference={reference}", self.payment_id);
        Ok(self.admin.get(&path).await?.as_array().context("refunds")?.len())
    }
}

/// The customer with the largest payment that succeeded, if it is his newest: what the flow takes.
async fn payer(admin: &BackOfficeAdmin) -> anyhow::Result<(String, String)> {
    let mut best: Option<(i64, String, String)> = None;
    for number in 1..=40 {
        let customer_id = format!("C-{}", 100_000 + number);
        let payments = admin.get(&format!("/customers/{customer_id}/payments?status=succeeded")).await?;
        let Some(payment) = payments.get(0) else { continue };
        let minor = payment.pointer("/amount/minor").and_then(Value::as_i64).unwrap_or_default();
        let payment_id = payment.get("id").and_then(Value::as_str).context("id")?.to_owned();
        if best.as_ref().is_none_or(|(most, ..)| minor > *most) {
            best = Some((minor, customer_id, payment_id));
        }
    }
    match best {
        Some((minor, customer_id, payment_id)) if minor >= 10_000 => Ok((customer_id, payment_id)),
        _ => bail!("no story customer has paid enough"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a token of a test is good from now on")]
pub fn session(customer_id: String) -> anyhow::Result<Session> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let iat = i64::try_from(now)?;
    let sub = SessionId(uuid::Uuid::from_u128(7));
    let claims = Claims {
        sub,
        role: Role::Customer,
        customer_id: Some(CustomerId(customer_id)),
        level: IdentityLevel::Identified,
        name: None,
        act: None,
        iat,
        exp: iat + 36_000,
    };
    let token = Tokens::new(&Sensitive::new(SECRET.to_owned()))?.sign(&claims)?;
    Ok(Session { token, expires_at: String::new(), session_id: sub.0.to_string() })
}

pub fn api_of(process: &Process) -> anyhow::Result<Option<PublicApi>> {
    let Some(line) = &process.first_line else { return Ok(None) };
    let opened: Value = serde_json::from_str(line).with_context(|| line.clone())?;
    Ok(Some(PublicApi::new(opened.get("url").and_then(Value::as_str).context("url")?)?))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
