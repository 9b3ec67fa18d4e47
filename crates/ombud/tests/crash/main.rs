//! Is a refund paid exactly once when Ombud is killed at the worst moment? With real processes, `kill -9`, and the company's own records as the judge.
//!
//! R69, R57: every crash point x systems that take idempotency keys, that can be looked at, or neither x SQLite and PostgreSQL. PostgreSQL takes
//! part when `OMBUD_TEST_POSTGRES_URL` names a server where databases may be made. `OMBUD_CRASH_KILLS` says how many kills (60), and
//! `OMBUD_CRASH_SEED` where among the crash points they begin (1):
//!
//! ```sh
//! OMBUD_CRASH_KILLS=2000 cargo xtask test -- --workspace -E 'binary(crash)' --no-capture
//! ```

mod claim;
mod faults;
mod lane;
#[path = "../processes/mod.rs"]
mod processes;
mod saga;
#[path = "../settings/mod.rs"]
mod settings;

use std::fmt::Write as _;

use anyhow::ensure;

use lane::{Database, Lane, Offers, Tally};
use settings::{number, say, setting};

/// Where the process is killed, in turn. The last are of what runs beside the turns: they are hit when it is their time, whatever is under way.
const POINTS: [&str; 17] = [
    "intent.before",
    "commit.before/action.intended",
    "commit.after/action.intended",
    "intent.durable",
    "call.before",
    "call.under_way",
    "call.answered",
    "commit.before/action.settled",
    "commit.after/action.settled",
    "receipt.durable",
    "commit.before/action.told",
    "commit.after/action.told",
    "recovery.asked",
    "recovery.asked#2",
    "outbox.announced#4",
    "leaves.before#5",
    "leaves.before#7",
];

/// Storage faults of the ordinary run; over all kinds.
const FAULTS: u32 = 40;

/// Kills of the ordinary run; over all lanes.
const KILLS: u32 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_is_paid_once_wherever_ombud_is_killed() -> anyhow::Result<()> {
    if processes::stand_in("real").await?.is_none() {
        return Ok(());
    }
    let (kills, seed) = (number("OMBUD_CRASH_KILLS", KILLS)?, number("OMBUD_CRASH_SEED", 1_u32)?);
    let mut databases = vec![Database::Sqlite];
    match setting("OMBUD_TEST_POSTGRES_URL") {
        Some(server) => databases.push(Database::Postgres { server }),
        None => say("PostgreSQL was left out: OMBUD_TEST_POSTGRES_URL is not set\n")?,
    }
    let offers = [Offers::Keys, Offers::LookUp, Offers::Nothing];
    let lanes = u32::try_from(databases.len() * offers.len())?;
    let mut running = tokio::task::JoinSet::new();
    for (number, (database, offers)) in
        databases.iter().flat_map(|database| offers.map(|offers| (database.clone(), offers))).enumerate()
    {
        let first = seed.wrapping_mul(31).wrapping_add(u32::try_from(number)? * 5);
        let lane = Lane { database, offers, kills: kills.div_ceil(lanes), first };
        running.spawn(lane.run());
    }
    let mut tallies = Vec::new();
    while let Some(tally) = running.join_next().await {
        tallies.push(tally??);
    }
    tallies.sort_by(|one, other| one.lane.cmp(&other.lane));
    report(&tallies, (kills, seed))?;
    let killed: u32 = tallies.iter().map(|tally| tally.kills).sum();
    ensure!(killed >= kills, "only {killed} kills were made");
    // Otherwise the points are not where they should be, and the kills come at any time.
    let at_a_point: u32 = tallies.iter().map(|tally| tally.at_a_point).sum();
    ensure!(at_a_point * 2 > killed, "only {at_a_point} of {killed} died at the point that was named");
    let wrong: Vec<&String> = tallies.iter().flat_map(|tally| &tally.wrong).collect();
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// R73: each step refused, failing, or losing its answer, and Ombud killed around each; on SQLite and PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dearer_exchange_is_whole_or_undone_wherever_it_fails() -> anyhow::Result<()> {
    if processes::stand_in("real").await?.is_none() {
        return Ok(());
    }
    let mut databases = vec![Database::Sqlite];
    databases.extend(setting("OMBUD_TEST_POSTGRES_URL").map(|server| Database::Postgres { server }));
    let names = if databases.len() > 1 { "SQLite and PostgreSQL" } else { "SQLite alone" };
    let mut running = tokio::task::JoinSet::new();
    databases.into_iter().for_each(|database| drop(running.spawn(saga::run(database))));
    let mut all = saga::Swaps::default();
    while let Some(swaps) = running.join_next().await {
        let swaps = swaps??;
        all.exchanges += swaps.exchanges;
        all.whole += swaps.whole;
        all.undone += swaps.undone;
        all.left += swaps.left;
        all.wrong.extend(swaps.wrong);
    }
    say(&format!(
        "sagas: {} exchanges with a fault or a kill on {names}: {} whole, {} undone, {} left to a person, {} half done\n",
        all.exchanges,
        all.whole,
        all.undone,
        all.left,
        all.wrong.len()
    ))?;
    ensure!(all.whole > 0 && all.undone > 0 && all.left > 0, "{all:?}");
    ensure!(all.wrong.is_empty(), "{:#?}", all.wrong);
    Ok(())
}

/// R81: a full disk, a failed write, a failed flush, a torn page, a file system that turns read-only. `OMBUD_STORAGE_FAULTS` says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fault_of_the_disk_loses_what_was_answered_or_pays_twice() -> anyhow::Result<()> {
    if processes::stand_in("real").await?.is_none() {
        return Ok(());
    }
    let wanted = number("OMBUD_STORAGE_FAULTS", FAULTS)?;
    let Some(found) = faults::run(wanted).await? else { return Ok(()) };
    let injected: u32 = found.injected.iter().map(|(_, count)| count).sum();
    let by_kind: Vec<String> = found.injected.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let (tally, kinds) = (&found.tally, by_kind.join(", "));
    say(&format!(
        "storage faults: {injected} injected ({kinds}); {} processes ended, {} stopped writing and read on, {} went on\n\
         after them: {} refunds, {} paid twice, {} lost, {} stuck, {} answers forgotten, {} turns replayed\n",
        found.ended,
        found.stopped,
        found.went_on,
        tally.refunds,
        tally.double,
        tally.lost,
        tally.stuck,
        found.forgotten,
        tally.replayed,
    ))?;
    ensure!(injected * 4 >= wanted * 3, "only {injected} of {wanted} faults happened");
    ensure!(found.stopped > 0, "no fault stopped the ledger, so none met it");
    ensure!(found.forgotten == 0 && tally.wrong.is_empty(), "{} forgotten, {:#?}", found.forgotten, tally.wrong);
    Ok(())
}

fn report(tallies: &[Tally], (kills, seed): (u32, u32)) -> anyhow::Result<()> {
    let mut text = format!("kill -9 during refunds: {kills} kills asked for, seed {seed}, points {}\n", POINTS.len());
    text.push_str(
        "lane                     kills  at a point  refunds  once  none, said so  double  lost  stuck  longest s  turns replayed\n",
    );
    for tally in tallies {
        writeln!(
            text,
            "{:<24} {:>5} {:>11} {:>8} {:>5} {:>14} {:>7} {:>5} {:>6} {:>10.1} {:>15}",
            tally.lane,
            tally.kills,
            tally.at_a_point,
            tally.refunds,
            tally.once,
            tally.none,
            tally.double,
            tally.lost,
            tally.stuck,
            tally.longest.as_secs_f64(),
            tally.replayed,
        )?;
    }
    let sum = |figure: fn(&Tally) -> u32| tallies.iter().map(figure).sum::<u32>();
    let replayed: u64 = tallies.iter().map(|tally| tally.replayed).sum();
    writeln!(
        text,
        "all lanes: {} kills, {} refunds, {} paid twice, {} lost, {} stuck, {replayed} turns replayed",
        sum(|tally| tally.kills),
        sum(|tally| tally.refunds),
        sum(|tally| tally.double),
        sum(|tally| tally.lost),
        sum(|tally| tally.stuck),
    )?;
    writeln!(
        text,
        "of the company's refunds {} stand in the books, as its statement shows",
        sum(|tally| tally.booked)
    )?;
    say(&text)
}
