//! How does the ledger behave without a database? The same, in memory, for as long as the value lives.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ombud_domain::{Books, JsonText, Posting, RecordedEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::books::POSTINGS_MAX;
use ombud_ports::effects::{Cap, CapPer, Counting, EFFECTS_MAX, Effect, KEPT_US, PastEffect};
use ombud_ports::inbox::{CUSTOMER_EVENTS_MAX, DUE_ROWS_MAX};
use ombud_ports::ledger::EVENTS_MAX;
use ombud_ports::{
    AppendError, Attempt, Attempts, Commit, Committed, Due, INBOX_KINDS, Inbox, InboxFilter, InboxPlace, InboxRow,
    Ledger, MoneyBooks, Shredding, StoreError, StoredReply, Wanted,
};
use serde_json::Value;

#[derive(Debug, Default)]
struct TenantLog {
    events: Vec<RecordedEvent>,
    heads: HashMap<StreamId, i64>,
    replies: HashMap<(String, String), (TimestampUs, StoredReply)>,
    cursors: HashMap<String, String>,
    outbox: BTreeMap<i64, (String, Value)>,
    outbox_given: i64,
    inbox: HashMap<String, InboxRow>,
    effects: Vec<(Effect, TimestampUs)>,
    books: Books,
    postings: Vec<Posting>,
    /// Tries and until when they count, by subject.
    attempts: HashMap<String, (u32, i64)>,
}

/// A ledger and its inbox in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    tenants: Mutex<HashMap<TenantId, TenantLog>>,
    stopped: AtomicBool,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no commit any more, as after a flush that failed; reads go on.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, TenantLog>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TenantLog {
    fn head(&self, stream: &StreamId) -> i64 {
        self.heads.get(stream).copied().unwrap_or(0)
    }

    fn append(&mut self, commit: Commit) -> Result<Committed, AppendError> {
        if let Some(reply) = &commit.reply
            && self.replies.contains_key(&(reply.scope.clone(), reply.key.clone()))
        {
            return Err(AppendError::KeyTaken);
        }
        if self.head(&commit.stream) != commit.expected_version {
            return Err(AppendError::Conflict);
        }
        let planned = commit.moving.as_ref().map(|moving| self.books.plan(moving, commit.at)).transpose();
        let planned = planned.map_err(|error| AppendError::LimitReached { rule: error.rule() })?;
        if let Some(counting) = &commit.counting {
            self.count(counting, commit.at)?;
        }
        for posting in planned.into_iter().flatten() {
            self.books.post(&posting);
            self.postings.push(posting);
        }
        let mut written = Committed { version: commit.expected_version, position: self.last_position() };
        for event in commit.events {
            written = Committed { version: written.version + 1, position: written.position + 1 };
            let event = RecordedEvent {
                position: written.position,
                stream: commit.stream.clone(),
                version: written.version,
                kind: event.kind,
                at: commit.at,
                payload: event.payload.read().unwrap_or_default(),
            };
            self.fold(&event);
            self.events.push(event);
        }
        if let Some(shredding) = commit.shredding {
            self.shred(&commit.stream, shredding);
        }
        self.heads.insert(commit.stream, written.version);
        for message in commit.outbox {
            self.outbox_given += 1;
            self.outbox.insert(self.outbox_given, message);
        }
        if let Some(reply) = commit.reply {
            self.replies.insert((reply.scope.clone(), reply.key.clone()), (commit.at, reply));
        }
        Ok(written)
    }

    fn count(&mut self, counting: &Counting, at: TimestampUs) -> Result<(), AppendError> {
        let (effect, caps, known) = match counting {
            Counting::NotDone(intent_id) => {
                self.effects.retain(|(effect, _)| effect.intent_id != *intent_id);
                return Ok(());
            }
            Counting::Begun { effect, caps, known } => (effect, caps, known),
        };
        for cap in caps {
            let counted = self.effects.iter().filter(|(past, at)| *at > cap.since && counts(cap, past, effect));
            let counted: Vec<&Effect> = counted.map(|(past, _)| past).chain([effect]).collect();
            let currency = effect.amount.as_ref().map(|(_, currency)| currency);
            let amounts = counted.iter().filter_map(|past| past.amount.as_ref());
            let amounts = amounts.filter(|(_, of)| Some(of) == currency);
            let sum = amounts.fold(0_i64, |sum, (minor, _)| sum.saturating_add(*minor));
            let count = i64::try_from(counted.len()).unwrap_or(i64::MAX);
            if cap.count_max.is_some_and(|max| count > max) || cap.minor_max.is_some_and(|max| sum > max) {
                return Err(AppendError::LimitReached { rule: cap.rule.clone() });
            }
        }
        if let Some(known) = known {
            let lately = self.effects_of(&effect.customer_id, known.since);
            let count = lately.iter().filter(|past| past.is_of(&known.names)).count();
            if i64::try_from(count).unwrap_or(i64::MAX) > known.count {
                return Err(AppendError::Conflict);
            }
        }
        let kept = at.0.saturating_sub(KEPT_US);
        self.effects.retain(|(past, at)| past.customer_id != effect.customer_id || at.0 > kept);
        self.effects.push((effect.clone(), at));
        Ok(())
    }

    fn effects_of(&self, customer_id: &str, since: TimestampUs) -> Vec<PastEffect> {
        let his = self.effects.iter().filter(|(effect, at)| effect.customer_id == customer_id && *at > since);
        let mut found: Vec<PastEffect> = his
            .map(|(effect, at)| PastEffect {
                action: effect.action.clone(),
                risk: effect.risk.as_str().to_owned(),
                at: *at,
            })
            .collect();
        found.sort_by_key(|effect| std::cmp::Reverse(effect.at));
        found.truncate(EFFECTS_MAX);
        found
    }

    fn shred(&mut self, stream: &StreamId, shredding: Shredding) {
        for (version, payload) in shredding.events {
            let mut events = self.events.iter_mut();
            if let Some(event) = events.find(|event| event.stream == *stream && event.version == version) {
                event.payload = payload.read().unwrap_or_default();
            }
        }
        for ((scope, _), (_, reply)) in &mut self.replies {
            if *scope == shredding.scope {
                reply.response = JsonText::from(Value::Null);
            }
        }
    }

    fn last_position(&self) -> i64 {
        self.events.last().map_or(0, |event| event.position)
    }

    fn fold(&mut self, event: &RecordedEvent) {
        let id = &event.stream.id;
        let mut row = self.inbox.get(id).cloned().unwrap_or_else(|| InboxRow::blank(id));
        if row.fold(event) == ombud_ports::Folded::Changed {
            self.inbox.insert(id.clone(), row);
        }
    }
}

/// Whether a past effect counts against the cap of another.
fn counts(cap: &Cap, past: &Effect, effect: &Effect) -> bool {
    (cap.per == CapPer::Company || past.customer_id == effect.customer_id)
        && (cap.actions.is_empty() || cap.actions.contains(&past.action))
        && cap.risk.is_none_or(|risk| risk == past.risk)
        && (cap.markets.is_empty() || cap.markets.contains(&past.market))
}

#[async_trait]
impl Attempts for MemoryLedger {
    async fn try_once(&self, attempt: &Attempt) -> Result<bool, StoreError> {
        let mut tenants = self.lock();
        let attempts = &mut tenants.entry(attempt.tenant.clone()).or_default().attempts;
        attempts.retain(|_, (_, until_us)| *until_us > attempt.at.0);
        let until_us = attempt.at.0.saturating_add(attempt.window_us);
        let (tries, counts_until_us) = attempts.entry(attempt.subject.clone()).or_insert((0, until_us));
        *tries += 1;
        if *tries == attempt.tries_max {
            *counts_until_us = until_us;
        }
        Ok(*tries <= attempt.tries_max)
    }

    async fn give_back(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        if let Some((tries, _)) = self.lock().get_mut(tenant).and_then(|log| log.attempts.get_mut(subject)) {
            *tries = tries.saturating_sub(1);
        }
        Ok(())
    }

    async fn forget(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        if let Some(log) = self.lock().get_mut(tenant) {
            log.attempts.remove(subject);
        }
        Ok(())
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    fn accepts_writes(&self) -> bool {
        !self.stopped.load(Ordering::Acquire)
    }

    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        if !self.accepts_writes() {
            return Err(StoreError::Stopped.into());
        }
        if commit.events.is_empty() || commit.events.len() > EVENTS_MAX {
            let source = format!("a commit holds 1 to {EVENTS_MAX} events, this one `{}`", commit.events.len()).into();
            return Err(StoreError::Database { doing: "checking a commit", source }.into());
        }
        if let Some(wrong) = commit.moving.as_ref().and_then(|moving| moving.check().err()) {
            return Err(StoreError::Database { doing: "checking a commit", source: Box::new(wrong) }.into());
        }
        self.lock().entry(commit.tenant.clone()).or_default().append(commit)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after_version: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let tenants = self.lock();
        let events = tenants.get(tenant).map(|log| log.events.as_slice()).unwrap_or_default();
        let wanted = events.iter().filter(|event| event.stream == *stream && event.version > after_version);
        Ok(wanted.take(events_max).cloned().collect())
    }

    async fn read_all(
        &self,
        tenant: &TenantId,
        after_position: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let tenants = self.lock();
        let events = tenants.get(tenant).map(|log| log.events.as_slice()).unwrap_or_default();
        let after = events.partition_point(|event| event.position <= after_position);
        Ok(events.iter().skip(after).take(events_max).cloned().collect())
    }

    async fn effects(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        since: TimestampUs,
    ) -> Result<Vec<PastEffect>, StoreError> {
        Ok(self.lock().get(tenant).map(|log| log.effects_of(customer_id, since)).unwrap_or_default())
    }

    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError> {
        let tenants = self.lock();
        Ok(tenants
            .get(tenant)
            .and_then(|log| log.replies.get(&(scope.to_owned(), key.to_owned())))
            .map(|(_, reply)| reply.clone()))
    }

    async fn forget_replies(
        &self,
        tenant: &TenantId,
        before: TimestampUs,
        replies_max: usize,
    ) -> Result<usize, StoreError> {
        let mut tenants = self.lock();
        let Some(log) = tenants.get_mut(tenant) else { return Ok(0) };
        let mut old: Vec<_> =
            log.replies.iter().filter(|(_, (at, _))| *at < before).map(|(key, (at, _))| (*at, key.clone())).collect();
        old.sort();
        old.truncate(replies_max);
        for (_, key) in &old {
            log.replies.remove(key);
        }
        Ok(old.len())
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError> {
        Ok(self.lock().get(tenant).and_then(|log| log.cursors.get(feed).cloned()))
    }

    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError> {
        self.lock().entry(tenant.clone()).or_default().cursors.insert(feed.to_owned(), cursor.to_owned());
        Ok(())
    }

    async fn undelivered(
        &self,
        tenant: &TenantId,
        messages_max: usize,
    ) -> Result<Vec<(i64, String, Value)>, StoreError> {
        let tenants = self.lock();
        let Some(log) = tenants.get(tenant) else { return Ok(Vec::new()) };
        let oldest = log.outbox.iter().take(messages_max);
        Ok(oldest.map(|(id, (topic, content))| (*id, topic.clone(), content.clone())).collect())
    }

    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError> {
        if let Some(log) = self.lock().get_mut(tenant) {
            log.outbox.retain(|id, _| !ids.contains(id));
        }
        Ok(())
    }
}

#[async_trait]
impl MoneyBooks for MemoryLedger {
    async fn postings(
        &self,
        tenant: &TenantId,
        wanted: &Wanted,
        after_number: i64,
    ) -> Result<Vec<Posting>, StoreError> {
        let tenants = self.lock();
        let is_wanted = |posting: &&Posting| {
            let of_account = |name: &String| {
                let mut accounts =
                    [&posting.debit, &posting.credit].into_iter().filter(|account| account.name == *name);
                accounts.any(|account| wanted.of.as_ref().is_none_or(|of| *of == account.of))
            };
            wanted.customer_id.as_ref().is_none_or(|customer_id| *customer_id == posting.customer_id)
                && wanted.account.as_ref().is_none_or(of_account)
        };
        let all = tenants.get(tenant).map(|log| log.postings.as_slice()).unwrap_or_default();
        let after = all.partition_point(|posting| posting.number <= after_number);
        Ok(all.iter().skip(after).filter(is_wanted).take(POSTINGS_MAX).cloned().collect())
    }
}

#[async_trait]
impl Inbox for MemoryLedger {
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &InboxFilter,
    ) -> Result<(Vec<InboxRow>, Option<String>), StoreError> {
        let after = filter.cursor.as_deref().and_then(InboxPlace::from_cursor);
        let tenants = self.lock();
        let Some(log) = tenants.get(tenant) else { return Ok((Vec::new(), None)) };
        let mut rows: Vec<(InboxPlace, &InboxRow)> = log
            .inbox
            .values()
            .filter(|row| filter.fits(row))
            .map(|row| (row.place(), row))
            .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
            .collect();
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        let more = rows.len() > filter.rows_bounded();
        rows.truncate(filter.rows_bounded());
        let cursor = rows.last().filter(|_| more).map(|(place, _)| place.to_cursor());
        Ok((rows.into_iter().map(|(_, row)| row.clone()).collect(), cursor))
    }

    async fn due(&self, tenant: &TenantId, due: &Due, rows_max: usize) -> Result<Vec<String>, StoreError> {
        let tenants = self.lock();
        let Some(log) = tenants.get(tenant) else { return Ok(Vec::new()) };
        let mut found: Vec<(TimestampUs, &String)> = log
            .inbox
            .iter()
            .filter_map(|(id, row)| {
                let (at, is_due) = match due {
                    Due::Recovery(now) => (row.recover_at?, row.recover_at <= Some(*now)),
                    Due::Silence(since) => (row.silent_since?, row.silent_since <= Some(*since)),
                    Due::Approval(now) => (row.approval_due?, row.approval_due <= Some(*now)),
                    Due::Parked(customer_id) => {
                        (row.updated_at, row.parked > 0 && row.customer_id.as_ref() == Some(customer_id))
                    }
                };
                is_due.then_some((at, id))
            })
            .collect();
        found.sort();
        Ok(found.into_iter().take(rows_max.min(DUE_ROWS_MAX)).map(|(_, id)| id.clone()).collect())
    }

    async fn count(&self, tenant: &TenantId, filter: &InboxFilter) -> Result<u64, StoreError> {
        let tenants = self.lock();
        let rows = tenants.get(tenant).into_iter().flat_map(|log| log.inbox.values());
        Ok(rows.filter(|row| filter.fits(row)).map(|_| 1).sum())
    }

    async fn of_customer(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        kinds: &[&str],
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let tenants = self.lock();
        let all = tenants.get(tenant).map(|log| log.events.as_slice()).unwrap_or_default();
        let is_wanted = |event: &&RecordedEvent| {
            let of = event.payload.get("customer_id").and_then(Value::as_str);
            event.stream.kind == StreamKind::Conversation
                && kinds.contains(&event.kind.as_str())
                && of == Some(customer_id)
        };
        let mut found: Vec<RecordedEvent> =
            all.iter().rev().filter(is_wanted).take(CUSTOMER_EVENTS_MAX).cloned().collect();
        found.reverse();
        Ok(found)
    }

    async fn rebuild(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let mut tenants = self.lock();
        let Some(log) = tenants.get_mut(tenant) else { return Ok(0) };
        log.inbox.clear();
        let events = std::mem::take(&mut log.events);
        let mut events_read = 0;
        for event in events.iter().filter(|event| INBOX_KINDS.contains(&event.kind.as_str())) {
            log.fold(event);
            events_read += 1;
        }
        log.events = events;
        Ok(events_read)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MemoryLedger;
    use crate::contract::Subject;

    async fn subject(_test: &str) -> Option<Subject> {
        let ledger = Arc::new(MemoryLedger::new());
        Some(Subject {
            ledger: ledger.clone(),
            inbox: ledger.clone(),
            attempts: ledger.clone(),
            books: ledger,
            keep: None,
        })
    }

    crate::contract_tests!(subject);

    /// R72: as the contract has it, many times as long.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_random_operations_come_out_as_in_the_reference() {
        let Some(subject) = subject("").await else { return };
        crate::contract::random_operations(&subject, ("in memory", crate::contract::operations_max())).await;
    }
}
