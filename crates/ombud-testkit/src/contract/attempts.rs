//! What must hold of counted tries, on every database?

use std::sync::Arc;

use ombud_domain::{TenantId, TimestampUs};
use ombud_ports::Attempt;
use tokio::task::JoinSet;

use super::{Subject, tenant};

/// A try at a second, of three in an hour.
fn attempt(subject: &str, at_s: i64) -> Attempt {
    Attempt {
        tenant: tenant(),
        subject: subject.to_owned(),
        tries_max: 3,
        window_us: 3_600_000_000,
        at: TimestampUs(at_s * 1_000_000),
    }
}

/// One subject's tries are nobody else's, and a right one forgets them.
pub async fn tries_are_counted_for_each_subject_and_company(subject: &Subject) {
    let attempts = &subject.attempts;
    for allowed in [true, true, true, false, false] {
        assert_eq!(attempts.try_once(&attempt("a", 1)).await.unwrap(), allowed);
    }
    assert!(attempts.try_once(&attempt("b", 1)).await.unwrap());
    let foreign = Attempt { tenant: TenantId("other".to_owned()), ..attempt("a", 1) };
    assert!(attempts.try_once(&foreign).await.unwrap());
    attempts.forget(&tenant(), "a").await.unwrap();
    assert!(attempts.try_once(&attempt("a", 2)).await.unwrap());
    attempts.forget(&tenant(), "nobody").await.unwrap();
    for _ in 0..10 {
        assert!(attempts.try_once(&attempt("right", 2)).await.unwrap());
        attempts.give_back(&tenant(), "right").await.unwrap();
    }
    attempts.give_back(&tenant(), "right").await.unwrap();
    for allowed in [true, true, true, false] {
        assert_eq!(attempts.try_once(&attempt("right", 3)).await.unwrap(), allowed, "never less than none");
    }
}

/// An hour from the first try; once used up, an hour from the try that did it, however often it is tried meanwhile.
pub async fn used_up_tries_block_for_the_whole_time_from_the_last_one(subject: &Subject) {
    let attempts = &subject.attempts;
    let table = [
        ("slow", 0, true),
        ("slow", 3_599, true),
        ("slow", 3_600, true),
        ("fast", 0, true),
        ("fast", 10, true),
        ("fast", 3_000, true),
        ("fast", 3_601, false),
        ("fast", 6_599, false),
        ("fast", 6_600, true),
    ];
    for (name, at_s, allowed) in table {
        assert_eq!(attempts.try_once(&attempt(name, at_s)).await.unwrap(), allowed, "{name} at {at_s} s");
    }
}

/// Counting and deciding are one step.
pub async fn of_many_tries_at_once_only_the_allowed_pass(subject: &Subject) {
    let mut tasks = JoinSet::new();
    for _ in 0..24 {
        let attempts = Arc::clone(&subject.attempts);
        tasks.spawn(async move { attempts.try_once(&attempt("crowd", 1)).await.unwrap() });
    }
    let mut passed = 0;
    while let Some(allowed) = tasks.join_next().await {
        passed += usize::from(allowed.unwrap());
    }
    assert_eq!(passed, 3);
}
