//! How is everything about a customer erased? The keys of his conversations go, with what repeats his words; the events stay where they are, unreadable.
//!
//! Every step can be done again, and what says that nothing is left to do goes last, so whoever is interrupted calls again
//! (test: `an_erasure_is_done_once_and_may_be_called_again`). INVARIANT: whoever is held is not erased (test: `a_legal_hold_wins`).

use ombud_domain::{JsonText, NewEvent, RecordedEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::{AppendError, Commit, Shredding, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;

use crate::database::Dialect;
use crate::sql::{column, failed};
use crate::store::Store;
use crate::vault::cipher::KeyId;

/// Tries against somebody who writes to the stream at the same time.
const TRIES_MAX: usize = 8;
/// Plain events overwritten in one commit.
const OVERWRITTEN_MAX: usize = 400;
/// Events of one page of the stream of erasures, and of an export.
const PAGE: usize = 500;
/// Events of a conversation that are looked through at most, as for every other reader.
const EVENTS_MAX: usize = 100_000;
/// Conversations that one round of retention takes.
pub const EXPIRED_MAX: i64 = 200;
/// The characters of a stored payload that tell its key.
const HEAD_CHARS: usize = 26;

/// Why something was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer, or the company for him, asked for it.
    Request,
    /// Its time was over.
    Retention,
}

/// What was erased: content of the ledger's event `subject.erased`, and of the file that the operator keeps. It holds no personal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Why.
    pub reason: Reason,
    /// Whose: a keyed hash of the customer's id, or the id itself where there are no keys; none for retention.
    pub subject: Option<String>,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// Which conversations.
    pub conversations: Vec<String>,
    /// Events in them; each keeps its place, kind and time.
    pub events: u64,
    /// Of these, so many were plain and were overwritten; those of the others can no longer be decrypted.
    pub overwritten: u64,
    /// Keys that were thrown away.
    pub keys: Vec<String>,
    /// Rows of the inbox.
    pub inbox_rows: u64,
    /// Stored answers to repeated requests.
    pub replies: u64,
    /// Counts of tries.
    pub attempts: u64,
    /// Sums that count against limits, which no longer say for whom.
    #[serde(default)]
    pub effects: u64,
    /// Postings of the books, which no longer say for whom.
    #[serde(default)]
    pub postings: u64,
    /// What was not touched, and what is left to the operator.
    pub left: Vec<String>,
}

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Somebody has decided that this must be kept for now.
    #[error("the customer is held and nothing was erased: {reason}; lift it with `ombud hold remove`")]
    Held {
        /// Why.
        reason: String,
    },
    /// Customers go on writing.
    #[error("a conversation kept changing, call again")]
    Busy,
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The customer.
    pub customer_id: String,
    /// Why.
    pub reason: String,
    /// Since when, microseconds since 1970.
    pub at_us: i64,
}

/// What is stored of one conversation of a customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exported {
    /// Which.
    pub conversation_id: String,
    /// All its events: messages, identity, what was understood and decided and why, actions with receipts, hand-overs, notes.
    pub events: Vec<RecordedEvent>,
    /// Answers that are kept for repeated requests.
    pub replies: Vec<Value>,
}

/// What a conversation's events are sealed with.
struct Scan {
    head: i64,
    events: u64,
    keys: Vec<KeyId>,
    plain: Vec<i64>,
}

fn erasures() -> StreamId {
    StreamId { kind: StreamKind::Privacy, id: "erasures".to_owned() }
}

fn conversation(id: &str) -> StreamId {
    StreamId { kind: StreamKind::Conversation, id: id.to_owned() }
}

impl Store {
    /// Erases everything about a customer, here and in the keys database; the company's own systems are not touched.
    ///
    /// # Errors
    /// [`EraseError`]. After one that is not [`EraseError::Held`] some of it may be gone; call again.
    pub async fn erase_customer(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        at: TimestampUs,
    ) -> Result<Receipt, EraseError> {
        let subject = self.vault.tag(tenant, customer_id);
        if let Some(hold) = self.hold_of(tenant, &subject).await? {
            return Err(EraseError::Held { reason: hold.reason });
        }
        self.inbox.catch_up(tenant, usize::MAX).await?;
        let conversations = self.conversations_of(tenant, &subject).await?;
        let attempts = self.forget_attempts(tenant, customer_id).await?;
        let effects = self.unname_effects(tenant, [&subject, customer_id]).await?;
        let postings = self.unname_postings(tenant, [&subject, customer_id], at).await?;
        let mut receipt = self.erase_conversations(tenant, conversations, (Reason::Request, at)).await?;
        receipt.subject = Some(subject);
        receipt.attempts = attempts;
        receipt.effects = effects;
        receipt.postings = postings;
        self.close_erasure(tenant, receipt).await
    }

    /// Erases conversations in which nothing happened since `before`, at most [`EXPIRED_MAX`]; those of held customers stay. None when there are none.
    ///
    /// # Errors
    /// [`EraseError`]; call again.
    pub async fn expire_conversations(
        &self,
        tenant: &TenantId,
        before: TimestampUs,
        at: TimestampUs,
    ) -> Result<Option<Receipt>, EraseError> {
        self.inbox.catch_up(tenant, usize::MAX).await?;
        let sql = format!(
            "SELECT conversation_id FROM inbox_2 WHERE tenant = $1 AND updated_at_us < $2 AND NOT EXISTS \
             (SELECT 1 FROM subjects JOIN holds ON holds.tenant = subjects.tenant AND holds.subject = subjects.subject \
             WHERE subjects.tenant = inbox_2.tenant AND subjects.conversation_id = inbox_2.conversation_id) \
             ORDER BY updated_at_us LIMIT {EXPIRED_MAX}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(before.0);
        let rows = query.fetch_all(&self.database.reads).await.map_err(failed("looking for what is too old"))?;
        let old: Result<Vec<String>, _> = rows.iter().map(|row| column(row, 0, "inbox row")).collect();
        let old = old?;
        if old.is_empty() {
            return Ok(None);
        }
        let receipt = self.erase_conversations(tenant, old, (Reason::Retention, at)).await?;
        self.close_erasure(tenant, receipt).await.map(Some)
    }

    /// Conversations that were erased after a version of the stream of erasures, and the version to ask from next; this process forgets their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erased_since(&self, tenant: &TenantId, after: i64) -> Result<(i64, Vec<String>), StoreError> {
        let events = self.ledger().read(tenant, &erasures(), after, PAGE).await?;
        let last = events.last().map_or(after, |event| event.version);
        let mut conversations = Vec::new();
        for receipt in events.iter().filter_map(receipt_of) {
            self.vault.forget(&ids(&receipt.keys));
            conversations.extend(receipt.conversations);
        }
        Ok((last, conversations))
    }

    /// Throws away again what the ledger says was erased: a keys database that was put back from a copy has keys that must not be. Gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_again(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let (mut after, mut again) = (0, 0);
        loop {
            let events = self.ledger().read(tenant, &erasures(), after, PAGE).await?;
            let Some(last) = events.last() else { return Ok(again) };
            after = last.version;
            let keys: Vec<KeyId> =
                events.iter().filter_map(receipt_of).flat_map(|receipt| ids(&receipt.keys)).collect();
            again += self.vault.erase(&keys).await?;
        }
    }

    /// Everything that is stored of a customer, opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export_customer(&self, tenant: &TenantId, customer_id: &str) -> Result<Vec<Exported>, StoreError> {
        self.inbox.catch_up(tenant, usize::MAX).await?;
        let mut all = Vec::new();
        for id in self.conversations_of(tenant, &self.vault.tag(tenant, customer_id)).await? {
            let mut events: Vec<RecordedEvent> = Vec::new();
            while events.len() < EVENTS_MAX {
                let after = events.last().map_or(0, |event| event.version);
                let page = self.ledger().read(tenant, &conversation(&id), after, PAGE).await?;
                let is_last = page.len() < PAGE;
                events.extend(page);
                if is_last {
                    break;
                }
            }
            let replies = self.replies_of(tenant, &id).await?;
            all.push(Exported { conversation_id: id, events, replies });
        }
        Ok(all)
    }

    async fn replies_of(&self, tenant: &TenantId, id: &str) -> Result<Vec<Value>, StoreError> {
        let query = sqlx::query("SELECT key FROM replies WHERE tenant = $1 AND scope = $2 ORDER BY at_us, key");
        let rows = query.bind(tenant.as_str()).bind(id).fetch_all(&self.database.reads).await;
        let mut replies = Vec::new();
        for row in rows.map_err(failed("reading stored replies"))? {
            let key: &str = column(&row, 0, "reply")?;
            if let Some(reply) = self.ledger().stored_reply(tenant, id, key).await? {
                let response: Value = reply.response.read().map_err(|_| StoreError::Corrupt { what: "reply" })?;
                replies.push(json!({"key": reply.key, "body_hash": reply.body_hash, "response": response}));
            }
        }
        Ok(replies)
    }

    /// Keeps a customer from being erased.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn hold(&self, tenant: &TenantId, hold: &Hold) -> Result<(), AppendError> {
        let subject = self.vault.tag(tenant, &hold.customer_id);
        let text = serde_json::to_string(hold).map_err(|_| StoreError::Corrupt { what: "hold" })?;
        let sealed = self.vault.seal_note(&subject, &text)?;
        {
            let _turn = self.database.write_turn.lock().await;
            sqlx::query(
                "INSERT INTO holds (tenant, subject, reason, at_us) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (tenant, subject) DO UPDATE SET reason = excluded.reason, at_us = excluded.at_us",
            )
            .bind(tenant.as_str())
            .bind(subject.as_str())
            .bind(sealed)
            .bind(hold.at_us)
            .execute(&self.database.sealing)
            .await
            .map_err(failed("placing a hold"))?;
        }
        self.note(tenant, ("hold.placed", json!({"subject": subject})), TimestampUs(hold.at_us)).await
    }

    /// Lifts a hold; false when there was none.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn lift(&self, tenant: &TenantId, customer_id: &str, at: TimestampUs) -> Result<bool, AppendError> {
        let subject = self.vault.tag(tenant, customer_id);
        let gone = {
            let _turn = self.database.write_turn.lock().await;
            let query = sqlx::query("DELETE FROM holds WHERE tenant = $1 AND subject = $2").bind(tenant.as_str());
            query.bind(subject.as_str()).execute(&self.database.sealing).await.map_err(failed("lifting a hold"))?
        };
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        self.note(tenant, ("hold.lifted", json!({"subject": subject})), at).await?;
        Ok(true)
    }

    /// All holds of a company, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self, tenant: &TenantId) -> Result<Vec<Hold>, StoreError> {
        let query = sqlx::query("SELECT subject, reason FROM holds WHERE tenant = $1 ORDER BY at_us, subject");
        let rows =
            query.bind(tenant.as_str()).fetch_all(&self.database.reads).await.map_err(failed("reading holds"))?;
        rows.iter().map(|row| self.opened_hold(column(row, 0, "hold")?, column(row, 1, "hold")?)).collect()
    }

    async fn hold_of(&self, tenant: &TenantId, subject: &str) -> Result<Option<Hold>, StoreError> {
        let query = sqlx::query("SELECT reason FROM holds WHERE tenant = $1 AND subject = $2").bind(tenant.as_str());
        let row = query.bind(subject).fetch_optional(&self.database.reads).await.map_err(failed("reading a hold"))?;
        row.map(|row| self.opened_hold(subject, column(&row, 0, "hold")?)).transpose()
    }

    fn opened_hold(&self, subject: &str, stored: &str) -> Result<Hold, StoreError> {
        let text = self.vault.open_note(subject, stored)?;
        serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "hold" })
    }

    async fn conversations_of(&self, tenant: &TenantId, subject: &str) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query("SELECT conversation_id FROM subjects WHERE tenant = $1 AND subject = $2 ORDER BY 1");
        let rows = query.bind(tenant.as_str()).bind(subject).fetch_all(&self.database.reads).await;
        let rows = rows.map_err(failed("looking for a customer's conversations"))?;
        rows.iter().map(|row| column(row, 0, "conversation of a customer")).collect()
    }

    async fn erase_conversations(
        &self,
        tenant: &TenantId,
        conversations: Vec<String>,
        (reason, at): (Reason, TimestampUs),
    ) -> Result<Receipt, EraseError> {
        let mut left = vec!["the company's own systems".to_owned()];
        let (mut events, mut overwritten, mut keys) = (0, 0, Vec::new());
        for id in &conversations {
            overwritten += self.overwrite_plain(tenant, id, at).await?;
            let scan = self.scan(tenant, id).await?;
            events += scan.events;
            keys.extend(scan.keys);
        }
        keys.sort_unstable();
        keys.dedup();
        self.vault.erase(&keys).await?;
        let [inbox_rows, replies] = self.purge(tenant, &conversations).await?;
        self.database.scrub(&["inbox_2", "replies", "attempts", "effects", "postings"]).await?;
        left.push("copies of the keys database made before; give them a short life".to_owned());
        if overwritten > 0 {
            left.push("plain text in copies of the ledger made before".to_owned());
            if self.database.dialect == Dialect::Postgres {
                left.push("dead rows and write-ahead log of PostgreSQL: run VACUUM (FULL) events".to_owned());
            }
        }
        let keys = keys.into_iter().map(KeyId::to_text).collect();
        let (at_us, subject, attempts) = (at.0, None, 0);
        Ok(Receipt {
            reason,
            subject,
            at_us,
            conversations,
            events,
            overwritten,
            keys,
            inbox_rows,
            replies,
            attempts,
            effects: 0,
            postings: 0,
            left,
        })
    }

    /// Writes the receipt, then forgets whose the conversations were: the last step, after which there is nothing to call again for.
    async fn close_erasure(&self, tenant: &TenantId, receipt: Receipt) -> Result<Receipt, EraseError> {
        let content = serde_json::to_value(&receipt).map_err(|_| StoreError::Corrupt { what: "receipt" })?;
        match self.note(tenant, ("subject.erased", content), TimestampUs(receipt.at_us)).await {
            Ok(()) => {}
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(_) => return Err(EraseError::Busy),
        }
        let _turn = self.database.write_turn.lock().await;
        for id in &receipt.conversations {
            let query = sqlx::query("DELETE FROM subjects WHERE tenant = $1 AND conversation_id = $2");
            let query = query.bind(tenant.as_str()).bind(id.as_str());
            query.execute(&self.database.sealing).await.map_err(failed("forgetting whose conversations these were"))?;
        }
        Ok(receipt)
    }

    /// Appends to the stream of erasures.
    async fn note(
        &self,
        tenant: &TenantId,
        (kind, content): (&str, Value),
        at: TimestampUs,
    ) -> Result<(), AppendError> {
        for _ in 0..TRIES_MAX {
            let event = NewEvent { kind: kind.to_owned(), payload: JsonText::from(&content) };
            let head = self.head(tenant, &erasures()).await?;
            match self.ledger().append(commit((tenant, erasures()), head, event, at)).await {
                Err(AppendError::Conflict) => {}
                other => return other.map(drop),
            }
        }
        Err(AppendError::Conflict)
    }

    /// Overwrites events that were written before there were keys, with a leaf of the Merkle log that says so.
    async fn overwrite_plain(&self, tenant: &TenantId, id: &str, at: TimestampUs) -> Result<u64, EraseError> {
        let mut overwritten = 0;
        for _ in 0..EVENTS_MAX / OVERWRITTEN_MAX + TRIES_MAX {
            let Scan { head, mut plain, .. } = self.scan(tenant, id).await?;
            plain.truncate(OVERWRITTEN_MAX);
            if plain.is_empty() {
                return Ok(overwritten);
            }
            let count = u64::try_from(plain.len()).unwrap_or_default();
            let gone = plain.into_iter().map(|version| (version, RecordedEvent::erased_payload().into())).collect();
            let event = NewEvent { kind: "conversation.erased".to_owned(), payload: json!({"erased": true}).into() };
            let shredding = Some(Shredding { events: gone, scope: id.to_owned() });
            let commit = Commit { shredding, ..commit((tenant, conversation(id)), head, event, at) };
            match self.ledger().append(commit).await {
                Ok(_) => overwritten += count,
                Err(AppendError::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Err(EraseError::Busy)
    }

    async fn head(&self, tenant: &TenantId, stream: &StreamId) -> Result<i64, StoreError> {
        let query = sqlx::query(
            "SELECT COALESCE(MAX(version), 0) FROM events WHERE tenant = $1 AND stream_kind = $2 AND stream_id = $3",
        );
        let query = query.bind(tenant.as_str()).bind(stream.kind.as_str()).bind(stream.id.as_str());
        let row = query.fetch_one(&self.database.reads).await.map_err(failed("reading a head"))?;
        column(&row, 0, "version")
    }

    async fn scan(&self, tenant: &TenantId, id: &str) -> Result<Scan, StoreError> {
        let erased = RecordedEvent::erased_payload().to_string();
        let sql = format!(
            "SELECT version, SUBSTR(payload, 1, {HEAD_CHARS}) FROM events WHERE tenant = $1 AND stream_kind = 'conversation' \
             AND stream_id = $2 ORDER BY version LIMIT {EVENTS_MAX}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(id);
        let rows = query.fetch_all(&self.database.reads).await.map_err(failed("looking for keys of a conversation"))?;
        let mut scan = Scan { head: 0, events: 0, keys: Vec::new(), plain: Vec::new() };
        for row in &rows {
            let payload: &str = column(row, 1, "event")?;
            scan.head = column(row, 0, "event")?;
            scan.events += 1;
            match KeyId::of_sealed(payload) {
                Some(key) if !scan.keys.contains(&key) => scan.keys.push(key),
                Some(_) => {}
                None if payload == erased => {}
                None => scan.plain.push(scan.head),
            }
        }
        Ok(scan)
    }

    /// Deletes what repeats the words of conversations; rows of the inbox and stored answers.
    async fn purge(&self, tenant: &TenantId, conversations: &[String]) -> Result<[u64; 2], StoreError> {
        let _turn = self.database.write_turn.lock().await;
        let mut gone = [0, 0];
        for id in conversations {
            for (count, sql) in gone.iter_mut().zip([
                "DELETE FROM inbox_2 WHERE tenant = $1 AND conversation_id = $2",
                "DELETE FROM replies WHERE tenant = $1 AND scope = $2",
            ]) {
                let query = sqlx::query(sql).bind(tenant.as_str()).bind(id.as_str()).execute(&self.database.sealing);
                *count += query.await.map_err(failed("deleting what repeats a conversation"))?.rows_affected();
            }
        }
        Ok(gone)
    }

    /// Tries are counted under a hash of the customer's id; those under an e-mail address or a name go by themselves within an hour.
    async fn forget_attempts(&self, tenant: &TenantId, customer_id: &str) -> Result<u64, StoreError> {
        let hash = hex::encode(Sha256::digest(customer_id.trim().to_lowercase()));
        let _turn = self.database.write_turn.lock().await;
        let query = sqlx::query("DELETE FROM attempts WHERE tenant = $1 AND subject LIKE $2");
        let query = query.bind(tenant.as_str()).bind(format!("%:{hash}")).execute(&self.database.sealing);
        Ok(query.await.map_err(failed("forgetting tries"))?.rows_affected())
    }

    /// The company's limits still count what was done; whom it was done for is forgotten.
    async fn unname_effects(&self, tenant: &TenantId, [tag, id]: [&str; 2]) -> Result<u64, StoreError> {
        let _turn = self.database.write_turn.lock().await;
        let query = sqlx::query("UPDATE effects SET customer_id = '' WHERE tenant = $1 AND customer_id IN ($2, $3)");
        let query = query.bind(tenant.as_str()).bind(tag).bind(id).execute(&self.database.sealing);
        Ok(query.await.map_err(failed("forgetting for whom something was done"))?.rows_affected())
    }

    /// The books keep what was moved, as bookkeeping laws demand; for whom is forgotten, and his accounts get a name that leads nowhere.
    async fn unname_postings(
        &self,
        tenant: &TenantId,
        [tag, id]: [&str; 2],
        at: TimestampUs,
    ) -> Result<u64, StoreError> {
        let _turn = self.database.write_turn.lock().await;
        let mut forgotten = 0;
        let nobody = format!("erased-{}", at.0);
        for (column, new) in [("customer_id", ""), ("debit_of", nobody.as_str()), ("credit_of", nobody.as_str())] {
            let sql = format!("UPDATE postings SET {column} = $1 WHERE tenant = $2 AND {column} IN ($3, $4)");
            let query = sqlx::query(AssertSqlSafe(sql)).bind(new).bind(tenant.as_str()).bind(tag).bind(id);
            let done = query.execute(&self.database.sealing).await;
            forgotten += done.map_err(failed("forgetting for whom money was moved"))?.rows_affected();
        }
        Ok(forgotten)
    }
}

fn commit((tenant, stream): (&TenantId, StreamId), head: i64, event: NewEvent, at: TimestampUs) -> Commit {
    Commit {
        tenant: tenant.clone(),
        stream,
        expected_version: head,
        events: vec![event],
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at,
    }
}

fn receipt_of(event: &RecordedEvent) -> Option<Receipt> {
    (event.kind == "subject.erased").then(|| Receipt::deserialize(&event.payload).ok()).flatten()
}

fn ids(keys: &[String]) -> Vec<KeyId> {
    keys.iter().filter_map(|key| KeyId::parse(key)).collect()
}
