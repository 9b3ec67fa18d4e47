//! Does an effect stay below its limits? Asked and counted in the transaction of its intent.
//!
//! INVARIANT: effects never pass a cap, however many begin at once (test: `of_effects_at_once_only_those_below_the_cap_begin`). The row of the
//! tenant's positions is locked before, so no other commit of the tenant comes between the question and the answer.

use ombud_domain::{TenantId, TimestampUs};
use ombud_ports::StoreError;
use ombud_ports::effects::{Cap, CapPer, Counting, EFFECTS_MAX, Effect, KEPT_US, Known, PastEffect};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::database::{Database, Dialect};
use crate::ledger::job::Job;
use crate::ledger::writer::{Failure, failure};
use crate::sql::{column, failed};

const DOING: &str = "counting an effect";

/// Counts what a commit begins, or takes back what was not done.
pub(crate) async fn count(connection: &mut AnyConnection, dialect: Dialect, job: &Job) -> Result<(), Failure> {
    let failed = |error| failure(dialect, DOING, error);
    match &job.counting {
        None => Ok(()),
        Some(Counting::NotDone(intent_id)) => sqlx::query("DELETE FROM effects WHERE tenant = $1 AND intent_id = $2")
            .bind(job.tenant.as_str())
            .bind(intent_id.as_str())
            .execute(connection)
            .await
            .map(drop)
            .map_err(failed),
        Some(Counting::Begun { effect, caps, known }) => {
            for cap in caps {
                if passes(connection, job, (effect, cap)).await.map_err(failed)? {
                    return Err(Failure::LimitReached(cap.rule.clone()));
                }
            }
            if let Some(known) = known
                && counted(connection, job, (effect, known)).await.map_err(failed)? > known.count
            {
                return Err(Failure::Overtaken);
            }
            begin(connection, job, effect).await.map_err(failed)
        }
    }
}

/// A question with what is bound to it, put together piece by piece.
struct Question {
    sql: String,
    texts: Vec<String>,
}

impl Question {
    /// About effects after a moment; the moment is the second parameter, after the tenant.
    fn new(what: &str) -> Self {
        Self { sql: format!("SELECT {what} FROM effects WHERE tenant = $1 AND at_us > $2"), texts: Vec::new() }
    }

    fn bind(&mut self, text: &str) -> String {
        self.texts.push(text.to_owned());
        format!("${}", self.texts.len() + 2)
    }

    fn one_of<'a>(&mut self, column: &str, values: impl IntoIterator<Item = &'a String>) -> String {
        let places: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        format!("{column} IN ({})", places.join(", "))
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    async fn ask(
        &self,
        connection: &mut AnyConnection,
        tenant: &TenantId,
        since: TimestampUs,
    ) -> sqlx::Result<(i64, i64)> {
        let query = sqlx::query(AssertSqlSafe(self.sql.clone())).bind(tenant.as_str()).bind(since.0);
        let row = self.texts.iter().fold(query, |query, text| query.bind(text.as_str())).fetch_one(connection).await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

/// Whether an effect would go beyond a cap.
async fn passes(connection: &mut AnyConnection, job: &Job, (effect, cap): (&Effect, &Cap)) -> sqlx::Result<bool> {
    let (minor, currency) = effect.amount.clone().unwrap_or_default();
    // The currency is bound first, as the third parameter.
    let sum = "CAST(COALESCE(SUM(CASE WHEN currency = $3 THEN amount_minor ELSE 0 END), 0) AS BIGINT)";
    let mut question = Question::new(&format!("COUNT(*), {sum}"));
    question.bind(&currency);
    if cap.per == CapPer::Customer {
        let place = question.bind(&effect.customer_id);
        question.and(&format!("customer_id = {place}"));
    }
    if !cap.actions.is_empty() {
        let condition = question.one_of("action", &cap.actions);
        question.and(&condition);
    }
    if let Some(risk) = cap.risk {
        let place = question.bind(risk.as_str());
        question.and(&format!("risk = {place}"));
    }
    if !cap.markets.is_empty() {
        let condition = question.one_of("market", &cap.markets);
        question.and(&condition);
    }
    let (count, sum) = question.ask(connection, &job.tenant, cap.since).await?;
    let too_many = cap.count_max.is_some_and(|max| count.saturating_add(1) > max);
    Ok(too_many || cap.minor_max.is_some_and(|max| sum.saturating_add(minor) > max))
}

/// How many of a customer's effects have one of the names that the policies ask for.
async fn counted(connection: &mut AnyConnection, job: &Job, (effect, known): (&Effect, &Known)) -> sqlx::Result<i64> {
    let mut question = Question::new("COUNT(*), CAST(0 AS BIGINT)");
    let place = question.bind(&effect.customer_id);
    question.and(&format!("customer_id = {place}"));
    let (actions, risks) = (question.one_of("action", &known.names), question.one_of("risk", &known.names));
    question.and(&format!("({actions} OR {risks})"));
    question.ask(connection, &job.tenant, known.since).await.map(|(count, _)| count)
}

async fn begin(connection: &mut AnyConnection, job: &Job, effect: &Effect) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM effects WHERE tenant = $1 AND customer_id = $2 AND at_us <= $3")
        .bind(job.tenant.as_str())
        .bind(effect.customer_id.as_str())
        .bind(job.at_us.saturating_sub(KEPT_US))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO effects (tenant, intent_id, customer_id, action, risk, market, currency, amount_minor, at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(job.tenant.as_str())
    .bind(effect.intent_id.as_str())
    .bind(effect.customer_id.as_str())
    .bind(effect.action.as_str())
    .bind(effect.risk.as_str())
    .bind(effect.market.as_str())
    .bind(effect.amount.as_ref().map(|(_, currency)| currency.as_str()))
    .bind(effect.amount.as_ref().map(|(minor, _)| *minor))
    .bind(job.at_us)
    .execute(connection)
    .await
    .map(drop)
}

/// A customer's effects after a moment, newest first.
pub(crate) async fn read(
    database: &Database,
    tenant: &TenantId,
    customer_id: &str,
    since: TimestampUs,
) -> Result<Vec<PastEffect>, StoreError> {
    let sql = format!(
        "SELECT action, risk, at_us FROM effects WHERE tenant = $1 AND customer_id = $2 AND at_us > $3 \
         ORDER BY at_us DESC LIMIT {EFFECTS_MAX}"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(customer_id)
        .bind(since.0)
        .fetch_all(&database.reads)
        .await
        .map_err(failed("reading a customer's effects"))?;
    let effect = |row| {
        let (action, risk) = (column(row, 0, "effect")?, column(row, 1, "effect")?);
        Ok(PastEffect { action, risk, at: TimestampUs(column(row, 2, "effect")?) })
    };
    rows.iter().map(effect).collect()
}
