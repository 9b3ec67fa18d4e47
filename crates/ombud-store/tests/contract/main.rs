//! The ledger and the inbox on both databases: the contract of every ledger, and what only a database can get wrong.
//!
//! PostgreSQL is tested when `OMBUD_TEST_POSTGRES_URL` names a server where databases may be made, for example
//! `postgres://postgres@127.0.0.1:5432/postgres`; otherwise those tests say that they were left out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests may panic, and say what they leave out"
)]

mod failure;
mod home;
mod kill;
mod replicas;
mod schema;
mod seal;
mod sealed;
mod tamper;
mod vault;
mod vectors;

mod sqlite {
    use ombud_testkit::contract::Subject;

    async fn subject(test: &str) -> Option<Subject> {
        crate::home::subject(crate::home::sqlite(test)).await
    }

    ombud_testkit::contract_tests!(subject);
}

mod postgres {
    use ombud_testkit::contract::Subject;

    async fn subject(test: &str) -> Option<Subject> {
        crate::home::subject(crate::home::postgres(test).await?).await
    }

    ombud_testkit::contract_tests!(subject);
}

/// The same contract where personal text is sealed.
mod sqlite_sealed {
    use ombud_testkit::contract::Subject;

    async fn subject(test: &str) -> Option<Subject> {
        crate::home::sealed_subject(crate::home::sqlite(&format!("sealed_{test}"))).await
    }

    ombud_testkit::contract_tests!(subject);
}

mod postgres_sealed {
    use ombud_testkit::contract::Subject;

    async fn subject(test: &str) -> Option<Subject> {
        crate::home::sealed_subject(crate::home::postgres(&format!("sealed_{test}")).await?).await
    }

    ombud_testkit::contract_tests!(subject);
}
