//! Do controls hold under load, over processes, on both databases? With assistants that share a ledger, and the company's systems as the judge.
//!
//! PostgreSQL takes part when `OMBUD_TEST_POSTGRES_URL` names a server where databases may be made. `OMBUD_CONTROLS_CUSTOMERS` says how many
//! customers say yes while it is switched off (48).

mod house;
#[path = "../settings/mod.rs"]
mod settings;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ombud_domain::{ConversationStatus, TimestampUs};
use ombud_policy::controls::{Flip, Position, Target};
use ombud_turn::{Access, AccessChange, Answer, Vote};
use tokio::task::JoinSet;
use tokio::time::Instant;

use house::{ALLOWED, House, PEOPLE, Rules};
use settings::{number, say};

/// Customers who say yes while it is switched off, in the ordinary run.
const CUSTOMERS: u32 = 48;
/// After how many writes it is switched off.
const FIRST: usize = 8;

/// R15: yes after yes, and in between everything is switched off. What has begun is finished; what has not is refused, in both processes.
async fn no_effect_begins(house: House) -> anyhow::Result<()> {
    let house = Arc::new(house);
    let mut proposals = Vec::new();
    let count = usize::try_from(number("OMBUD_CONTROLS_CUSTOMERS", CUSTOMERS)?)?;
    for customer in 0..count {
        proposals.push(house.proposed(customer).await?);
    }
    let mut customers = JoinSet::new();
    for (number, place) in proposals.into_iter().enumerate() {
        let house = Arc::clone(&house);
        customers.spawn(async move {
            tokio::time::sleep(Duration::from_millis(20 * u64::try_from(number)?)).await;
            let said_at = Instant::now();
            house.say(place, "yes").await.map(|reply| (said_at, reply))
        });
    }
    while house.company.begun().len() < FIRST {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let flip = Flip { target: Target::All, reason: "drill".to_owned(), by: "Maja".to_owned() };
    house.switchboard()?.flip(&flip, Position::Off, TimestampUs(1)).await?;
    let off_at = Instant::now();
    let (mut done, mut refused) = (0, 0);
    while let Some(ended) = customers.join_next().await {
        let (said_at, reply) = ended??;
        let is_refused = reply.refused.iter().any(|refused| refused.reason_code == "switched_off");
        ensure!(is_refused != (reply.done.len() == 1), "either done or refused: {reply:?}");
        ensure!(is_refused || said_at < off_at, "a yes after the switch was obeyed");
        done += usize::from(!is_refused);
        refused += usize::from(is_refused);
    }
    let begun = house.company.begun();
    let late = begun.iter().filter(|at| **at > off_at).map(|at| at.duration_since(off_at)).max().unwrap_or_default();
    say(&format!("{done} done, {refused} refused; the last effect began {} ms after the switch\n", late.as_millis()))?;
    ensure!(
        begun.len() == done && done >= FIRST && refused > 0,
        "{done} done, {refused} refused, {} begun",
        begun.len()
    );
    ensure!(late < Duration::from_secs(5), "an effect began {late:?} after it was switched off");
    house.switchboard()?.flip(&flip, Position::On, TimestampUs(2)).await?;
    let place = house.proposed(count).await?;
    ensure!(house.say(place, "yes").await?.done.len() == 1, "it can be done again");
    Arc::into_inner(house).context("everybody has left")?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_effect_begins_after_a_switch_is_in_the_ledger() -> anyhow::Result<()> {
    no_effect_begins(House::sqlite("switch", Rules::Own).await?).await?;
    match House::postgres("switch", Rules::Own).await? {
        Some(house) => no_effect_begins(house).await,
        None => Ok(()),
    }
}

/// Conversations of one customer that come to their yes at the same time.
const RACERS: usize = 64;

/// R13: over conversations and processes; whoever comes too late gets a person.
async fn never_more_than_allowed(house: House) -> anyhow::Result<()> {
    let house = Arc::new(house);
    let mut proposals = Vec::new();
    for customer in 0..RACERS {
        proposals.push(house.proposed(customer).await?);
    }
    let mut racers = JoinSet::new();
    for place in proposals {
        let house = Arc::clone(&house);
        racers.spawn(async move { house.say(place, "yes").await });
    }
    let (mut done, mut handed_over) = (0, 0);
    while let Some(ended) = racers.join_next().await {
        let reply = ended??;
        done += reply.done.len();
        let is_reached = reply.refused.iter().any(|refused| refused.reason_code == "limit_reached");
        handed_over += usize::from(is_reached && reply.status == ConversationStatus::WaitingForAgent);
    }
    let begun = house.company.begun().len();
    say(&format!("of {RACERS} at once {done} were done and {handed_over} handed over, {ALLOWED} are allowed\n"))?;
    assert_eq!((begun, done, handed_over), (ALLOWED, ALLOWED, RACERS - ALLOWED));
    Arc::into_inner(house).context("everybody has left")?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_wishes_at_once_no_more_are_done_than_allowed() -> anyhow::Result<()> {
    never_more_than_allowed(House::sqlite("limit", Rules::Limited).await?).await?;
    match House::postgres("limit", Rules::Limited).await? {
        Some(house) => never_more_than_allowed(house).await,
        None => Ok(()),
    }
}

/// R12: six people, each twice and in both processes, approve one and the same thing at the same time: it is done once, by the first two.
async fn done_once_by_two(house: House) -> anyhow::Result<()> {
    let house = Arc::new(house);
    let place = house.proposed(0).await?;
    house.say(place, "yes").await?;
    ensure!(house.company.begun().is_empty(), "nothing is done on the customer's yes alone");
    let open = house.assistant(1)?.approvals("Maja").await?;
    let approval = open.into_iter().next().context("it lies before the desk, in every process")?;
    let mut voters = JoinSet::new();
    for (number, by) in PEOPLE.iter().chain(&PEOPLE).enumerate() {
        let (house, digest) = (Arc::clone(&house), approval.proposal.digest.clone());
        let (conversation, id) = (approval.conversation_id, approval.id);
        voters.spawn(async move {
            let vote = Vote { by: (*by).to_owned(), digest, answer: Answer::Approve };
            anyhow::Ok(house.assistant(number)?.vote(conversation, id, &vote).await.map(|view| view.given.len()))
        });
    }
    let (mut counted, mut late) = (Vec::new(), 0);
    while let Some(ended) = voters.join_next().await {
        match ended?? {
            Ok(given) => counted.push(given),
            Err(ombud_turn::TurnError::ApprovalOver) => late += 1,
            Err(other) => return Err(other.into()),
        }
    }
    house.assistant(0)?.settle_approvals().await?;
    house.assistant(1)?.settle_approvals().await?;
    let kinds = house.kinds(approval.conversation_id).await?;
    let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
    say(&format!(
        "{} answers counted, {late} came too late; {} approvals in the ledger\n",
        counted.len(),
        count("approval.given")
    ))?;
    assert_eq!((house.company.begun().len(), count("action.intended"), count("action.settled")), (1, 1, 1));
    assert!(count("approval.given") >= 2 && counted.len() + late == 2 * PEOPLE.len(), "{counted:?}");
    assert!(count("approval.given") <= PEOPLE.len(), "nobody counts twice");
    Arc::into_inner(house).context("everybody has left")?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_approved_action_is_done_once_however_many_approve_at_once() -> anyhow::Result<()> {
    done_once_by_two(House::sqlite("approvals", Rules::ByTwo).await?).await?;
    match House::postgres("approvals", Rules::ByTwo).await? {
        Some(house) => done_once_by_two(house).await,
        None => Ok(()),
    }
}

/// R12: over processes: who is revoked between her approval and the second one counts no more; what the customer withdraws is done by nobody.
async fn revoked_and_withdrawn(house: House) -> anyhow::Result<()> {
    let place = house.proposed(0).await?;
    house.say(place, "yes").await?;
    let approval =
        house.assistant(1)?.approvals("Maja").await?.into_iter().next().context("it lies before the desk")?;
    let vote = |by: &str| Vote { by: by.to_owned(), digest: approval.proposal.digest.clone(), answer: Answer::Approve };
    let (conversation, id) = (approval.conversation_id, approval.id);
    house.assistant(0)?.vote(conversation, id, &vote("Maja")).await?;
    let change = AccessChange { name: "Maja".to_owned(), reason: "drill".to_owned(), by: "Ivan".to_owned() };
    house.assistant(0)?.people().change(&change, Access::Revoked, TimestampUs(1)).await?;
    let after = house.assistant(1)?.vote(conversation, id, &vote("Ivan")).await?;
    ensure!(after.given.iter().map(|given| given.name.as_str()).eq(["Ivan"]), "{after:?}");
    ensure!(house.company.begun().is_empty(), "only one of the two counts");
    house.say(place, "never mind, forget it").await?;
    let late = house.assistant(1)?.vote(conversation, id, &vote("Nils")).await;
    ensure!(matches!(late, Err(ombud_turn::TurnError::ApprovalWithdrawn)), "{late:?}");
    house.assistant(0)?.settle_approvals().await?;
    house.assistant(1)?.settle_approvals().await?;
    ensure!(house.company.begun().is_empty(), "nothing is done");
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_revoked_counts_no_more_and_what_is_withdrawn_is_not_done() -> anyhow::Result<()> {
    revoked_and_withdrawn(House::sqlite("revoked", Rules::ByTwo).await?).await?;
    match House::postgres("revoked", Rules::ByTwo).await? {
        Some(house) => revoked_and_withdrawn(house).await,
        None => Ok(()),
    }
}
