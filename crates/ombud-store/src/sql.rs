//! How are statements over many rows written, and database errors told apart?

use std::fmt::Write as _;
use std::sync::Arc;

use ombud_ports::StoreError;
use sqlx::any::AnyRow;
use sqlx::{Any, ColumnIndex, Decode, Row, Type};

use crate::database::Dialect;

/// `(?,?),(?,?)` or `($1,$2),($3,$4)`: placeholders of so many rows, bound in their order.
///
/// SQLite keeps numbered placeholders as a list of names and searches it for each of them, when it parses and when sqlx binds: of a batch of
/// 3,000 values that list took more time than the rows.
pub(crate) fn values(dialect: Dialect, rows: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 1..=columns {
            sql.push_str(if column == 1 { "" } else { "," });
            match dialect {
                Dialect::Sqlite => sql.push('?'),
                // Writing to a String cannot fail.
                Dialect::Postgres => drop(write!(sql, "${}", row * columns + column)),
            }
        }
        sql.push(')');
    }
    sql
}

/// `$4,$5,$6`: placeholders of a list, beginning at a number.
pub(crate) fn list(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(",")
}

/// What an error of a statement means for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A key is taken.
    Taken,
    /// Nothing was written and the next try may work: a lost connection, a lock that was not freed in time.
    Passing,
    /// The database cannot write: full, broken, read-only.
    Broken,
}

/// Tells errors before COMMIT apart. Whatever is not known to pass is broken: the ledger stops rather than guess.
pub(crate) fn meaning(error: &sqlx::Error, dialect: Dialect) -> Meaning {
    if let sqlx::Error::Database(error) = error {
        if error.is_unique_violation() {
            return Meaning::Taken;
        }
        let code = error.code().unwrap_or_default();
        let passing = match dialect {
            // SQLITE_BUSY, its extended codes, SQLITE_LOCKED (sqlite.org/rescode.html).
            Dialect::Sqlite => matches!(code.as_ref(), "5" | "261" | "517" | "773" | "6"),
            // Connection exceptions, serialization failure, deadlock, operator intervention, too many connections, lock not available
            // (postgresql.org/docs/15/errcodes-appendix.html).
            Dialect::Postgres => {
                let class = code.get(..2).unwrap_or_default();
                matches!(class, "08" | "40" | "57") || matches!(code.as_ref(), "53300" | "55P03")
            }
        };
        return if passing { Meaning::Passing } else { Meaning::Broken };
    }
    match error {
        sqlx::Error::PoolTimedOut => Meaning::Passing,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) if dialect == Dialect::Postgres => Meaning::Passing,
        _ => Meaning::Broken,
    }
}

/// An error that several waiting writers are told of.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub(crate) struct SharedError(pub Arc<sqlx::Error>);

/// A database error for the caller of a port.
pub(crate) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source: Box::new(source) }
}

/// A column of a row; a stored value of another type is corrupt.
pub(crate) fn column<'r, T, I>(row: &'r AnyRow, index: I, what: &'static str) -> Result<T, StoreError>
where
    T: Decode<'r, Any> + Type<Any>,
    I: ColumnIndex<AnyRow>,
{
    row.try_get(index).map_err(|_| StoreError::Corrupt { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on_over_rows() {
        assert_eq!(values(Dialect::Postgres, 2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(values(Dialect::Sqlite, 2, 3), "(?,?,?),(?,?,?)");
        assert_eq!(values(Dialect::Sqlite, 0, 3), "");
        assert_eq!(list(4, 3), "$4,$5,$6");
    }

    #[test]
    fn what_is_not_known_to_pass_is_broken() {
        assert_eq!(meaning(&sqlx::Error::PoolTimedOut, Dialect::Sqlite), Meaning::Passing);
        assert_eq!(meaning(&sqlx::Error::WorkerCrashed, Dialect::Sqlite), Meaning::Broken);
        let lost = || sqlx::Error::Io(std::io::Error::other("reset"));
        assert_eq!(meaning(&lost(), Dialect::Postgres), Meaning::Passing);
        assert_eq!(meaning(&lost(), Dialect::Sqlite), Meaning::Broken);
    }
}
