//! What must hold of what is kept beside the events, on every database: stored answers, and how far a feed was read?

use ombud_domain::{TenantId, TimestampUs};
use ombud_ports::Commit;

use super::{Subject, commit, event, read_stream, reply, tenant};

/// The oldest first, never one that is too young, never another company's.
pub async fn old_replies_are_forgotten_in_small_batches_and_new_ones_kept(subject: &Subject) {
    for number in 1..=5 {
        let key = format!("k{number}");
        let at = TimestampUs(number * 1_000_000);
        let stored = Commit { at, reply: Some(reply("c1", &key)), ..commit(&key, 0, vec![event(number)]) };
        subject.ledger.append(stored).await.unwrap();
    }
    let before = TimestampUs(4_000_000);
    assert_eq!(subject.ledger.forget_replies(&TenantId("other".to_owned()), before, 9).await.unwrap(), 0);
    assert_eq!(subject.ledger.forget_replies(&tenant(), before, 2).await.unwrap(), 2);
    let kept = async |key: &str| subject.ledger.stored_reply(&tenant(), "c1", key).await.unwrap().is_some();
    assert_eq!([kept("k2").await, kept("k3").await, kept("k4").await], [false, true, true]);
    assert_eq!(subject.ledger.forget_replies(&tenant(), before, 9).await.unwrap(), 1);
    assert_eq!(subject.ledger.forget_replies(&tenant(), before, 9).await.unwrap(), 0);
    assert!(kept("k4").await && kept("k5").await);
    assert_eq!(read_stream(subject, "k1").await.len(), 1, "what happened stays in the ledger");
}

/// A feed's cursor is its own, and its company's own.
pub async fn a_cursor_stays_where_it_was_moved(subject: &Subject) {
    assert_eq!(subject.ledger.cursor(&tenant(), "changes").await.unwrap(), None);
    for cursor in ["7", "a9"] {
        subject.ledger.move_cursor(&tenant(), "changes", cursor).await.unwrap();
        assert_eq!(subject.ledger.cursor(&tenant(), "changes").await.unwrap().as_deref(), Some(cursor));
    }
    assert_eq!(subject.ledger.cursor(&tenant(), "other").await.unwrap(), None);
    assert_eq!(subject.ledger.cursor(&TenantId("other".to_owned()), "changes").await.unwrap(), None);
}
