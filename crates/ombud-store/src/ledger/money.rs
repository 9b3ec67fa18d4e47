//! What do the books of money say after a commit? Posted in its transaction, from what they said before.
//!
//! INVARIANT: no more is begun than an account holds, however many begin at once (test: `of_refunds_at_once_only_what_was_taken_goes_back`). The row of
//! the tenant's positions is locked before, so no other commit of the tenant comes between the question and the answer.

use ombud_domain::{Account, Balance, Books, Currency, Leg, Money, Moving, Phase, Posting, TenantId, TimestampUs};
use ombud_ports::StoreError;
use ombud_ports::books::{NUMBERS, POSTINGS_MAX, Wanted};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::database::{Database, Dialect};
use crate::ledger::job::Job;
use crate::ledger::writer::{Failure, failure};
use crate::sql::{column, failed, values};
use crate::vault::keyring::Keyring;
use crate::vault::{Vault, VaultError};

const DOING: &str = "posting what is moved";
const WHAT: &str = "posting";
/// Columns of a row as it is written.
const COLUMNS: usize = 15;

/// Posts what a commit begins to move, or what became of it. A commit that moves nothing costs nothing.
pub(crate) async fn post(
    connection: &mut AnyConnection,
    dialect: Dialect,
    (job, position): (&Job, i64),
) -> Result<(), Failure> {
    let Some(moving) = &job.moving else { return Ok(()) };
    let failed = |error| failure(dialect, DOING, error);
    let (mut balances, mut held) = (Vec::new(), Vec::new());
    match moving {
        Moving::Begun { legs, .. } => {
            for leg in legs.iter().filter(|leg| leg.within.is_some()) {
                let balance = balance(connection, &job.tenant, leg).await.map_err(failed)?;
                balances.push((leg.debit.clone(), leg.amount.currency, balance));
            }
        }
        Moving::Done { intent_id, .. } | Moving::NotDone { intent_id } => {
            held = self::held(connection, &job.tenant, intent_id).await.map_err(failed)?;
        }
    }
    let part = Books::part(balances, held, position.saturating_mul(NUMBERS));
    let planned = part.plan(moving, TimestampUs(job.at_us));
    let rows = planned.map_err(|error| Failure::LimitReached(error.rule()))?;
    insert(connection, dialect, job, &rows).await.map_err(failed)
}

/// What the debited account of a leg holds.
async fn balance(connection: &mut AnyConnection, tenant: &TenantId, leg: &Leg) -> sqlx::Result<Balance> {
    const SQL: &str = "SELECT \
         CAST(COALESCE(SUM(CASE WHEN credit = $2 AND credit_of = $3 AND phase IN ('observed', 'moved') THEN minor ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN debit = $2 AND debit_of = $3 AND phase = 'moved' THEN minor ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN debit <> $2 OR debit_of <> $3 THEN 0 WHEN phase = 'held' THEN minor \
         WHEN phase = 'released' THEN 0 - minor ELSE 0 END), 0) AS BIGINT) \
         FROM postings WHERE tenant = $1 AND currency = $4 AND ((debit = $2 AND debit_of = $3) OR (credit = $2 AND credit_of = $3))";
    let row = sqlx::query(SQL)
        .bind(tenant.as_str())
        .bind(leg.debit.name.as_str())
        .bind(leg.debit.of.as_str())
        .bind(leg.amount.currency.code())
        .fetch_one(connection)
        .await?;
    Ok(Balance { credits: row.try_get(0)?, debits: row.try_get(1)?, debits_held: row.try_get(2)?, credits_held: 0 })
}

/// What is held for an intent and has no outcome yet.
async fn held(connection: &mut AnyConnection, tenant: &TenantId, intent_id: &str) -> sqlx::Result<Vec<Posting>> {
    const SQL: &str = "SELECT number, intent_id, line, phase, customer_id, action, debit, debit_of, credit, credit_of, currency, minor, reference, at_us \
         FROM postings held WHERE tenant = $1 AND intent_id = $2 AND phase = 'held' AND NOT EXISTS \
         (SELECT 1 FROM postings known WHERE known.tenant = held.tenant AND known.intent_id = held.intent_id \
         AND known.line = held.line AND known.phase = 'released') ORDER BY line";
    let rows = sqlx::query(SQL).bind(tenant.as_str()).bind(intent_id).fetch_all(connection).await?;
    rows.iter().map(|row| posting(row).map_err(|error| sqlx::Error::Decode(Box::new(error)))).collect()
}

async fn insert(connection: &mut AnyConnection, dialect: Dialect, job: &Job, rows: &[Posting]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO postings (tenant, number, intent_id, line, phase, customer_id, action, debit, debit_of, credit, credit_of, currency, minor, \
         reference, at_us) VALUES {}",
        values(dialect, rows.len(), COLUMNS)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for row in rows {
        query = query
            .bind(job.tenant.as_str())
            .bind(row.number)
            .bind(row.intent_id.as_str())
            .bind(i64::from(row.line))
            .bind(row.phase.as_str())
            .bind(row.customer_id.as_str())
            .bind(row.action.as_str())
            .bind(row.debit.name.as_str())
            .bind(row.debit.of.as_str())
            .bind(row.credit.name.as_str())
            .bind(row.credit.of.as_str())
            .bind(row.amount.currency.code().to_owned())
            .bind(row.amount.minor)
            .bind(row.reference.as_str())
            .bind(row.at.0);
    }
    query.execute(connection).await.map(drop)
}

/// Reads number, intent_id, line, phase, customer_id, action, debit, debit_of, credit, credit_of, currency, minor, reference, at_us.
fn posting(row: &AnyRow) -> Result<Posting, StoreError> {
    const CORRUPT: StoreError = StoreError::Corrupt { what: WHAT };
    let (line, phase, currency): (i64, String, String) =
        (column(row, 2, WHAT)?, column(row, 3, WHAT)?, column(row, 10, WHAT)?);
    Ok(Posting {
        number: column(row, 0, WHAT)?,
        intent_id: column(row, 1, WHAT)?,
        line: u32::try_from(line).map_err(|_| CORRUPT)?,
        phase: Phase::named(&phase).ok_or(CORRUPT)?,
        customer_id: column(row, 4, WHAT)?,
        action: column(row, 5, WHAT)?,
        debit: Account { name: column(row, 6, WHAT)?, of: column(row, 7, WHAT)? },
        credit: Account { name: column(row, 8, WHAT)?, of: column(row, 9, WHAT)? },
        amount: Money { currency: Currency::parse(&currency).map_err(|_| CORRUPT)?, minor: column(row, 11, WHAT)? },
        reference: column(row, 12, WHAT)?,
        at: TimestampUs(column(row, 13, WHAT)?),
    })
}

/// Where the reference of a movement stands, for its seal.
fn place(tenant: &TenantId, intent_id: &str) -> String {
    format!("posting {} {intent_id}", tenant.as_str())
}

/// Customers and records become tags, the provider's reference is sealed: the books outlive the keys of conversations.
pub(crate) fn seal(vault: &Vault, tenant: &TenantId, moving: &mut Moving) -> Result<(), StoreError> {
    match moving {
        Moving::Begun { customer_id, legs, .. } => {
            let accounts = legs.iter_mut().flat_map(|leg| [&mut leg.debit.of, &mut leg.credit.of]);
            for id in accounts.chain([customer_id]).filter(|id| !id.is_empty()) {
                *id = vault.tag(tenant, id);
            }
        }
        Moving::Done { intent_id, reference, .. } if !reference.is_empty() => {
            *reference = vault.seal_note(&place(tenant, intent_id), reference)?;
        }
        Moving::Done { .. } | Moving::NotDone { .. } => {}
    }
    Ok(())
}

/// Seals what was posted before the ledger had keys.
pub(crate) async fn seal_all(connection: &mut AnyConnection, ring: &Keyring) -> Result<(), VaultError> {
    let failed = failed("sealing the books");
    let sql = "SELECT tenant, number, intent_id, customer_id, debit_of, credit_of, reference FROM postings";
    for row in sqlx::query(sql).fetch_all(&mut *connection).await.map_err(&failed)? {
        let tenant: String = column(&row, 0, WHAT)?;
        let (number, intent_id, reference): (i64, String, String) =
            (column(&row, 1, WHAT)?, column(&row, 2, WHAT)?, column(&row, 6, WHAT)?);
        let tag = |index: usize| {
            let id: String = column(&row, index, WHAT)?;
            Ok::<String, StoreError>(if id.is_empty() { id } else { ring.tag(&tenant, &id) })
        };
        let place = place(&TenantId(tenant.clone()), &intent_id);
        let reference = if reference.is_empty() { reference } else { ring.seal_note(&place, &reference)? };
        sqlx::query(
            "UPDATE postings SET customer_id = $1, debit_of = $2, credit_of = $3, reference = $4 WHERE tenant = $5 AND number = $6",
        )
        .bind(tag(3)?)
        .bind(tag(4)?)
        .bind(tag(5)?)
        .bind(reference)
        .bind(tenant.as_str())
        .bind(number)
        .execute(&mut *connection)
        .await
        .map_err(&failed)?;
    }
    Ok(())
}

/// Postings after a number, in their order.
pub(crate) async fn read(
    database: &Database,
    (vault, tenant): (&Vault, &TenantId),
    wanted: &Wanted,
    after_number: i64,
) -> Result<Vec<Posting>, StoreError> {
    let mut sql = "SELECT number, intent_id, line, phase, customer_id, action, debit, debit_of, credit, credit_of, currency, minor, reference, at_us \
         FROM postings WHERE tenant = $1 AND number > $2"
        .to_owned();
    let mut texts: Vec<String> = Vec::new();
    let mut bind = |text: String| {
        texts.push(text);
        format!("${}", texts.len() + 2)
    };
    if let Some(customer_id) = &wanted.customer_id {
        let place = bind(vault.tag(tenant, customer_id));
        sql.push_str(&format!(" AND customer_id = {place}"));
    }
    if let Some(account) = &wanted.account {
        let place = bind(account.clone());
        match &wanted.of {
            Some(of) => {
                let of = bind(vault.tag(tenant, of));
                sql.push_str(&format!(
                    " AND ((debit = {place} AND debit_of = {of}) OR (credit = {place} AND credit_of = {of}))"
                ));
            }
            None => sql.push_str(&format!(" AND (debit = {place} OR credit = {place})")),
        }
    }
    sql.push_str(&format!(" ORDER BY number LIMIT {POSTINGS_MAX}"));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(after_number);
    let query = texts.iter().fold(query, |query, text| query.bind(text.as_str()));
    let rows = query.fetch_all(&database.reads).await.map_err(failed("reading the books"))?;
    let opened = |row| {
        let posting = posting(row)?;
        let reference = vault.open_note(&place(tenant, &posting.intent_id), &posting.reference)?;
        Ok(Posting { reference, ..posting })
    };
    rows.iter().map(opened).collect()
}
