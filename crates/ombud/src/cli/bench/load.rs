//! How is a server put under load? So many customers at once, each in the next conversation as soon as the last one is over (a closed loop
//! without pauses), over one connection each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::contestant::{Running, Talk};
use super::plan::Plan;
use super::process::{Usage, machine, usage};

/// How often memory is looked at.
const LOOK_MS: u64 = 250;
/// Conversations of each customer that are looked up in the ledger afterwards.
const REMEMBERED_MAX: usize = 4;

/// Failures after which a customer gives up.
const FAILURES_MAX: u64 = 100;

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Conversations open at once.
    pub(super) conversations: usize,
    /// Time before the measurement begins.
    pub(super) warmup: Duration,
    /// Time of the measurement.
    pub(super) window: Duration,
    /// The first conversation's number, which decides the orders asked about.
    pub(super) first: u64,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Times of the turns that ended with a right reply in the window, microseconds, ascending.
    pub(super) turns_us: Vec<u64>,
    /// Turns and openings that failed, in the window or not.
    pub(super) failed: u64,
    /// Why, for the first of them.
    pub(super) failure: Option<String>,
    /// Turns that ended with a right reply, in the window or not.
    pub(super) answered: u64,
    /// Conversations opened, in the window or not.
    pub(super) opened: u64,
    /// Conversations with the turns that were acknowledged: the last ones of each customer.
    pub(super) acknowledged: Vec<(String, usize)>,
    /// What the server used in the window; memory is the peak.
    pub(super) used: Usage,
    /// How busy the whole machine was, of one.
    pub(super) machine_busy: f64,
}

struct Customers {
    talk: Talk,
    plan: Arc<Plan>,
    next: AtomicU64,
    from: Instant,
    until: Instant,
}

/// Plays the customers.
pub(super) async fn run(running: &Running, plan: &Arc<Plan>, shape: Shape) -> anyhow::Result<Seen> {
    let from = Instant::now() + shape.warmup;
    let until = from + shape.window;
    let customers = Arc::new(Customers {
        talk: running.talk.clone(),
        plan: Arc::clone(plan),
        next: AtomicU64::new(shape.first),
        from,
        until,
    });
    let mut tasks = JoinSet::new();
    for _ in 0..shape.conversations {
        tasks.spawn(Arc::clone(&customers).play(Client::new(running.address)));
    }
    sleep_until(from).await;
    let (before, machine_before) = (usage(running.pid)?, machine());
    let mut peak_kib = before.rss_kib;
    let mut look = Instant::now();
    while look < until {
        look += Duration::from_millis(LOOK_MS);
        sleep_until(look.min(until)).await;
        peak_kib = peak_kib.max(usage(running.pid)?.rss_kib);
    }
    let (after, machine_after) = (usage(running.pid)?, machine());
    let mut seen = Seen {
        used: Usage { cpu_ms: after.cpu_ms.saturating_sub(before.cpu_ms), rss_kib: peak_kib },
        machine_busy: share(machine_after.0 - machine_before.0, machine_after.1 - machine_before.1),
        ..Seen::default()
    };
    while let Some(one) = tasks.join_next().await {
        seen.add(one?);
    }
    seen.turns_us.sort_unstable();
    Ok(seen)
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Customers {
    async fn play(self: Arc<Self>, mut client: Client) -> Seen {
        let mut seen = Seen::default();
        let mut remembered = VecDeque::new();
        while Instant::now() < self.until && seen.failed < FAILURES_MAX {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let conversation = match self.talk.open(&mut client, number).await {
                Ok(conversation) => conversation,
                Err(failure) => {
                    seen.fail(failure);
                    continue;
                }
            };
            seen.opened += 1;
            let mut acknowledged = 0;
            for turn in 0..self.plan.turns() {
                let Some(line) = self.plan.line(number, turn) else { break };
                let began = Instant::now();
                let said = self.talk.say(&mut client, &conversation, &line).await;
                let ended = Instant::now();
                match said {
                    Ok(()) => {
                        acknowledged += 1;
                        seen.answered += 1;
                        if ended >= self.from && ended <= self.until {
                            seen.turns_us.push(u64::try_from((ended - began).as_micros()).unwrap_or(u64::MAX));
                        }
                    }
                    Err(failure) => seen.fail(failure),
                }
                if ended > self.until {
                    break;
                }
            }
            remembered.push_back((conversation.id, acknowledged));
            if remembered.len() > REMEMBERED_MAX {
                remembered.pop_front();
            }
        }
        seen.acknowledged = remembered.into();
        seen
    }
}

impl Seen {
    fn fail(&mut self, failure: String) {
        self.failed += 1;
        self.failure.get_or_insert(failure);
    }

    fn add(&mut self, mut other: Self) {
        self.turns_us.append(&mut other.turns_us);
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.answered += other.answered;
        self.opened += other.opened;
        self.acknowledged.append(&mut other.acknowledged);
    }
}
