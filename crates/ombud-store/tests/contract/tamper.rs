//! R58: is every way to change the ledger found? Hundreds of random places, each in a copy of its own; the seed is printed.

use std::path::{Path, PathBuf};

use ombud_proof::LogKey;
use ombud_store::seal::verify::{Fault, Verification};
use ombud_testkit::contract::tenant;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use crate::home;
use crate::sealed::{START, Sealed, key, level, verifier, verify};

const SEED: u64 = 20_261_127;
/// Events of the log that is changed.
const EVENTS: u64 = 330;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn position(&mut self) -> i64 {
        i64::try_from(1 + self.below(EVENTS)).unwrap()
    }
}

/// A sealed log over two tiles with shredded messages in it, closed, and room for copies.
struct Original {
    sealed: Sealed,
    file: PathBuf,
    copies: u32,
}

impl Original {
    async fn new(test: &str) -> Self {
        println!("seed {SEED}");
        let mut sealed = Sealed::sqlite(test).await;
        for number in 0..32 {
            sealed.say(&format!("c{number}"), 0, 10).await;
            if number % 10 == 3 {
                sealed.shred(&format!("c{number}"), 10, &[2, 5]).await;
            }
            if number % 7 == 0 {
                sealed.seal().await;
            }
        }
        sealed.say("last", 0, 7).await;
        sealed.seal().await;
        let found = sealed.verify().await;
        assert_eq!((found.faults, found.events), (Vec::new(), EVENTS));
        assert_eq!((found.checkpoints, found.shreddings), (6, 6));
        sealed.store.shutdown().await;
        let file = PathBuf::from(sealed.home.url.trim_start_matches("sqlite://"));
        Self { sealed, file, copies: 0 }
    }

    /// Changes a copy by a statement; none when the statement changes nothing or breaks a constraint, so that another place is tried.
    async fn changed(&mut self, statements: &str) -> Option<String> {
        self.copies += 1;
        let copy = self.file.with_file_name(format!("copy-{}.db", self.copies));
        std::fs::copy(&self.file, &copy).unwrap();
        let url = format!("sqlite://{}", copy.display());
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let changed = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await;
        connection.close().await.unwrap();
        changed.is_ok_and(|changed| changed.rows_affected() > 0).then_some(url)
    }

    async fn found(&self, url: &str) -> Verification {
        verify(url, &self.sealed.folder, &verifier()).await
    }

    fn forget(url: &str) {
        let file = url.trim_start_matches("sqlite://");
        for ending in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(format!("{file}{ending}")));
        }
    }

    /// Changes a copy, verifies it, then lets an attacker who has the program make the whole Merkle log anew and verifies again: the first
    /// is found by the leaves, the second by the checkpoints alone.
    async fn is_found(&mut self, statements: &str, expected: impl Fn(&Fault) -> bool) -> bool {
        let Some(url) = self.changed(statements).await else { return false };
        let found = self.found(&url).await;
        assert!(found.faults.iter().any(expected), "{statements}: {:?}", found.faults);
        if statements.contains("events") {
            remade(&url).await;
            let found = self.found(&url).await;
            let by_checkpoint = |fault: &Fault| matches!(fault, Fault::Root { .. } | Fault::Truncated { .. });
            assert!(found.faults.iter().any(by_checkpoint), "made anew after {statements}: {:?}", found.faults);
        }
        Self::forget(&url);
        true
    }
}

/// The Merkle log of a database made anew from what its rows say now.
async fn remade(url: &str) {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let sql = "DELETE FROM merkle_logs; DELETE FROM merkle_tiles; DELETE FROM merkle_entries";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = ombud_store::open(url).await.unwrap();
    level(&store.sequencer(&tenant(), "attacker")).await;
    store.shutdown().await;
}

/// The value of a column of an event with one bit flipped, as SQL.
async fn flipped(original: &Original, dice: &mut Dice, column: &str, position: i64) -> String {
    let mut connection = home::connect(&original.sealed.home).await;
    let sql = format!("SELECT CAST({column} AS TEXT) FROM events WHERE position = {position}");
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let text: String = row.get(0);
    if matches!(column, "position" | "version" | "at_us") {
        return (text.parse::<i64>().unwrap() ^ (1 << dice.below(40))).to_string();
    }
    let mut bytes = text.into_bytes();
    let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
    bytes[at] ^= 1 << dice.below(3);
    format!("'{}'", String::from_utf8(bytes).unwrap().replace('\'', "''"))
}

/// R58: a bit in any column of any event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_any_column_of_an_event_is_found() {
    let mut original = Original::new("flipped").await;
    let mut dice = Dice(SEED);
    let mut tried = 0;
    for column in ["tenant", "position", "stream_kind", "stream_id", "version", "kind", "at_us", "payload"] {
        let mut of_column = 0;
        while of_column < 12 {
            let position = dice.position();
            let value = flipped(&original, &mut dice, column, position).await;
            let sql = format!("UPDATE events SET {column} = {value} WHERE position = {position}");
            let at = move |fault: &Fault| match (column, fault) {
                ("tenant" | "position", Fault::Missing { position: at, .. })
                | ("payload", Fault::Payload { position: at, .. })
                | (_, Fault::Columns { position: at, .. }) => *at == position,
                _ => false,
            };
            of_column += usize::from(original.is_found(&sql, at).await);
        }
        tried += of_column;
    }
    println!("{tried} flips, all found at their place, and after the log was made anew by the checkpoints");
}

/// R58: a bit anywhere in the tables that the log keeps for itself, and its head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_the_logs_own_tables_is_found() {
    let mut original = Original::new("own_tables").await;
    let mut dice = Dice(SEED);
    let mut connection = home::connect(&original.sealed.home).await;
    let mut blobs = Vec::new();
    for (table, column, key) in
        [("merkle_entries", "entries", "number"), ("merkle_tiles", "hashes", "level * 1000000 + number")]
    {
        let sql = format!("SELECT {key}, {column} FROM {table}");
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap() {
            blobs.push((table, column, key, row.get::<i64, _>(0), row.get::<Vec<u8>, _>(1)));
        }
    }
    connection.close().await.unwrap();
    for _ in 0..100 {
        let (table, column, key, number, bytes) = &blobs[usize::try_from(dice.below(blobs.len() as u64)).unwrap()];
        let mut bytes = bytes.clone();
        let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
        bytes[at] ^= 1 << dice.below(8);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let sql = format!("UPDATE {table} SET {column} = x'{hex}' WHERE {key} = {number}");
        assert!(original.is_found(&sql, |_| true).await);
    }
    for sql in [
        "UPDATE merkle_logs SET size = size - 1",
        "UPDATE merkle_logs SET position = position + 1",
        "UPDATE merkle_entries SET after_position = after_position + 1 WHERE number = 1",
        "DELETE FROM merkle_entries WHERE number = 0",
        "DELETE FROM merkle_tiles WHERE level = 1",
        "DELETE FROM shreddings WHERE position = (SELECT MIN(position) FROM shreddings)",
        "UPDATE shreddings SET position = position + 1",
        "UPDATE shreddings SET by_position = by_position - 1",
        "INSERT INTO shreddings (tenant, by_position, position) VALUES ('nimbus', 20, 11)",
        "INSERT INTO shreddings (tenant, by_position, position) VALUES ('nimbus', 5000, 11)",
    ] {
        assert!(original.is_found(sql, |_| true).await, "{sql}");
    }
}

/// R58: events deleted, inserted, reordered, and cut off at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_inserted_reordered_and_truncated_events_are_found() {
    let mut original = Original::new("rows").await;
    let mut dice = Dice(SEED);
    for _ in 0..25 {
        let one = dice.position();
        let missing =
            |at: i64| move |fault: &Fault| matches!(fault, Fault::Missing { position, .. } if *position == at);
        assert!(original.is_found(&format!("DELETE FROM events WHERE position = {one}"), missing(one)).await);

        let cut = format!("DELETE FROM events WHERE position >= {one}");
        assert!(original.is_found(&cut, missing(one)).await);

        let columns = "stream_kind, 'forged' || stream_id, version, kind, at_us, payload";
        let before = format!("INSERT INTO events SELECT tenant, -{one}, {columns} FROM events WHERE position = {one}");
        assert!(
            original
                .is_found(&before, |fault| matches!(fault, Fault::Inserted { position } if *position == -one))
                .await
        );
        let between = format!(
            "UPDATE events SET position = position + 1000000 WHERE position >= {one}; \
             UPDATE events SET position = position - 999999 WHERE position >= 1000000; \
             INSERT INTO events SELECT tenant, {one}, {columns} FROM events WHERE position = {one} + 1"
        );
        let at_one = |fault: &Fault| matches!(fault, Fault::Columns { position, .. } if *position == one);
        assert!(original.is_found(&between, at_one).await);

        let other = dice.position();
        if one != other {
            let swap = format!(
                "UPDATE events SET position = -1 WHERE position = {one}; UPDATE events SET position = {one} WHERE \
                 position = {other}; UPDATE events SET position = {other} WHERE position = -1"
            );
            assert!(original.is_found(&swap, at_one).await);
        }
    }
}

/// R58: a payload cannot be passed off as shredded, with a salt that is wiped and a shredding that no commit made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_passed_off_as_shredded_is_found() {
    let mut original = Original::new("passed_off").await;
    // Of the first entry: a byte for its kind, eight of its position, sixteen of salt.
    let wipe = "UPDATE merkle_entries SET entries = \
                CAST(substr(entries, 1, 9) || zeroblob(16) || substr(entries, 26) AS BLOB) WHERE number = 0";
    let forge = "UPDATE events SET payload = '{}' WHERE position = 1";
    let unshredded = |fault: &Fault| matches!(fault, Fault::Unshredded { position: 1, .. });
    assert!(original.is_found(&format!("{wipe}; {forge}"), unshredded).await);
    for by_position in [1, 2, 11, 20, 5000] {
        let note =
            format!("INSERT INTO shreddings (tenant, by_position, position) VALUES ('nimbus', {by_position}, 1)");
        let at = move |fault: &Fault| matches!(fault, Fault::Shredding { position: 1, by_position: by } if *by == by_position);
        assert!(original.is_found(&format!("{wipe}; {forge}; {note}"), at).await, "{by_position}");
    }
}

/// R58: with the true key, a checkpoint with another byte is not believed; with another key, none is.
#[tokio::test]
async fn an_edited_checkpoint_and_a_swapped_key_are_found() {
    let original = Original::new("checkpoints").await;
    let mut dice = Dice(SEED);
    let names: Vec<PathBuf> =
        std::fs::read_dir(&original.sealed.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for _ in 0..40 {
        let path = &names[usize::try_from(dice.below(names.len() as u64)).unwrap()];
        let note = std::fs::read(path).unwrap();
        let mut edited = note.clone();
        let at = usize::try_from(dice.below(note.len() as u64)).unwrap();
        edited[at] ^= 1 << dice.below(7);
        std::fs::write(path, &edited).unwrap();
        let found = original.found(&original.sealed.home.url).await;
        assert!(matches!(found.faults.first(), Some(Fault::Checkpoint { .. })), "{at}: {:?}", found.faults);
        std::fs::write(path, &note).unwrap();
    }
    let other = LogKey::from_seed("nimbus.example/ledger", &[8; 32]).unwrap();
    let found = verify(&original.sealed.home.url, &original.sealed.folder, other.verifier()).await;
    assert_eq!((found.faults.len(), found.checkpoints, found.last), (names.len(), 0, None));
}

/// R58: whoever has the key too and signs a fork is found by the checkpoint that stands elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_signed_with_the_true_key_is_found_beside_an_older_checkpoint() {
    let mut original = Original::new("fork").await;
    let url = original
        .changed("DELETE FROM shreddings WHERE by_position > 200; DELETE FROM events WHERE position > 200")
        .await
        .unwrap();
    remade(&url).await;
    let forged = original.sealed.folder.with_extension("forged");
    let mut checkpoints = ombud_store::seal::checkpoints::Checkpoints::open(&forged, key()).unwrap();
    let store = ombud_store::open(&url).await.unwrap();
    assert!(checkpoints.sign(&store.sequencer(&tenant(), "attacker"), START).await.unwrap());
    store.shutdown().await;
    assert_eq!(verify(&url, &forged, &verifier()).await.faults, Vec::new(), "alone, the fork looks right");
    copy_into(&original.sealed.folder, &forged);
    let found = verify(&url, &forged, &verifier()).await;
    assert!(found.faults.iter().any(|fault| matches!(fault, Fault::Root { .. })), "{:?}", found.faults);
    std::fs::remove_dir_all(&forged).unwrap();
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// R58: untouched logs of every length up to 200 verify, against a checkpoint at every tenth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untouched_logs_of_every_length_verify() {
    let mut sealed = Sealed::sqlite("lengths").await;
    for size in 0..=200_u64 {
        let found = sealed.verify().await;
        let (checkpoints, unsigned) = (size.div_ceil(10), if size == 0 { 0 } else { (size - 1) % 10 });
        assert_eq!((found.faults, found.leaves), (Vec::new(), size));
        assert_eq!((found.checkpoints as u64, found.leaves_unsigned), (checkpoints, unsigned), "{size}");
        let version = i64::try_from(size / 3).unwrap();
        sealed.say(&format!("c{}", size % 3), version, 1).await;
        level(&sealed.log).await;
        if size % 10 == 0 {
            assert!(sealed.seal().await);
            assert!(!sealed.seal().await, "an unchanged log is not signed again");
        }
    }
    sealed.store.shutdown().await;
}
