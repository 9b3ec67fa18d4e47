//! How are tries counted in a database? One row for each subject, counted up in one statement.

use async_trait::async_trait;
use ombud_domain::TenantId;
use ombud_ports::{Attempt, Attempts, StoreError};

use crate::database::Database;
use crate::sql::{column, failed};

/// Counts of tries. They outlive the process; on SQLite a power cut may lose the last ones, never a crash.
#[derive(Debug)]
pub(crate) struct SqlAttempts {
    database: Database,
}

impl SqlAttempts {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Attempts for SqlAttempts {
    async fn try_once(&self, attempt: &Attempt) -> Result<bool, StoreError> {
        let doing = "counting a try";
        let _turn = self.database.write_turn.lock().await;
        sqlx::query("DELETE FROM attempts WHERE tenant = $1 AND until_us <= $2")
            .bind(attempt.tenant.as_str())
            .bind(attempt.at.0)
            .execute(&self.database.derived)
            .await
            .map_err(failed(doing))?;
        // The try that uses up what is allowed begins the time anew.
        let row = sqlx::query(
            "INSERT INTO attempts (tenant, subject, tries, until_us) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (tenant, subject) DO UPDATE SET tries = attempts.tries + 1, \
             until_us = CASE WHEN attempts.tries + 1 = $4 THEN excluded.until_us ELSE attempts.until_us END \
             RETURNING tries",
        )
        .bind(attempt.tenant.as_str())
        .bind(attempt.subject.as_str())
        .bind(attempt.at.0.saturating_add(attempt.window_us))
        .bind(i64::from(attempt.tries_max))
        .fetch_one(&self.database.derived)
        .await
        .map_err(failed(doing))?;
        let tries: i64 = column(&row, 0, "tries")?;
        Ok(tries <= i64::from(attempt.tries_max))
    }

    async fn give_back(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        let _turn = self.database.write_turn.lock().await;
        sqlx::query("UPDATE attempts SET tries = tries - 1 WHERE tenant = $1 AND subject = $2 AND tries > 0")
            .bind(tenant.as_str())
            .bind(subject)
            .execute(&self.database.derived)
            .await
            .map_err(failed("taking a try back"))?;
        Ok(())
    }

    async fn forget(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        let _turn = self.database.write_turn.lock().await;
        sqlx::query("DELETE FROM attempts WHERE tenant = $1 AND subject = $2")
            .bind(tenant.as_str())
            .bind(subject)
            .execute(&self.database.derived)
            .await
            .map_err(failed("forgetting tries"))?;
        Ok(())
    }
}
