//! Where does a test keep its database?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_store::{MasterKey, Settings, Store, VaultSettings};
use ombud_testkit::contract::Subject;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

/// A database of one test.
pub struct Home {
    pub url: String,
    folder: Option<PathBuf>,
}

impl Drop for Home {
    fn drop(&mut self) {
        for part in ["", "-wal", "-shm"] {
            let file = format!("{}{part}", self.keys_file().display());
            drop(std::fs::remove_file(file));
        }
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

/// An empty folder for a SQLite file.
pub fn sqlite(test: &str) -> Home {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ombud-store-{test}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    Home { url: format!("sqlite://{}", folder.join("ledger.db").display()), folder: Some(folder) }
}

/// An empty database on the test server; none, with a word, when there is no server.
pub async fn postgres(test: &str) -> Option<Home> {
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration; the variable is documented in main.rs")]
    let Ok(server) = std::env::var("OMBUD_TEST_POSTGRES_URL") else {
        println!("PostgreSQL was left out: OMBUD_TEST_POSTGRES_URL is not set");
        return None;
    };
    sqlx::any::install_default_drivers();
    // PostgreSQL cuts names at 63 bytes.
    let name: String = format!("t_{test}").chars().take(60).collect();
    let mut admin = AnyConnection::connect(&server).await.expect("the server of OMBUD_TEST_POSTGRES_URL answers");
    for sql in [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.expect("databases may be made there");
    }
    let (host, _) = server.rsplit_once('/').expect("the address names a database");
    Some(Home { url: format!("{host}/{name}"), folder: None })
}

/// An open store as the subject of a contract.
pub async fn subject(home: Home) -> Option<Subject> {
    let store = open(&home).await;
    Some(Subject {
        ledger: store.ledger(),
        inbox: store.inbox(),
        attempts: store.attempts(),
        books: store.books(),
        keep: Some(Arc::new((store, home))),
    })
}

pub async fn open(home: &Home) -> Store {
    ombud_store::open(&home.url).await.expect("the store opens")
}

/// The master key of the tests.
pub fn master(digit: char) -> MasterKey {
    MasterKey::parse(&digit.to_string().repeat(64)).unwrap()
}

impl Home {
    /// Settings with keys in a file of their own, outside of the folder of the ledger.
    pub fn sealed(&self, master: MasterKey) -> Settings {
        Settings { vault: Some(VaultSettings { keys_url: self.keys_url(), master }), ..Settings::default() }
    }

    pub fn keys_url(&self) -> String {
        format!("sqlite://{}", self.keys_file().display())
    }

    pub fn keys_file(&self) -> PathBuf {
        let name: String = self.url.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}-{name}.db", std::process::id()))
    }

    /// The folder of a SQLite file.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}

/// A store whose personal text is sealed.
pub async fn open_sealed(home: &Home) -> Store {
    ombud_store::open_with(&home.url, &home.sealed(master('a'))).await.expect("the store opens")
}

/// A sealed store as the subject of a contract.
pub async fn sealed_subject(home: Home) -> Option<Subject> {
    let store = open_sealed(&home).await;
    Some(Subject {
        ledger: store.ledger(),
        inbox: store.inbox(),
        attempts: store.attempts(),
        books: store.books(),
        keep: Some(Arc::new((store, home))),
    })
}

/// A plain connection beside the store.
pub async fn connect(home: &Home) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&home.url).await.expect("the database answers")
}

/// Tests that run on SQLite, and on PostgreSQL where there is one.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::home::sqlite(stringify!($name))).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(home) = crate::home::postgres(stringify!($name)).await {
                    super::$name(home).await;
                }
            })+
        }
    };
}

pub(crate) use on_both_databases;
