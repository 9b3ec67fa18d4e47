//! Where can this process be made to die? At named places on the way of an effect, so that tests can show that a death there costs nothing.
//!
//! Only in builds with debug assertions, and only where `OMBUD_CRASH_AT` says so: `place`, `place/of` or either with `#n` for the n-th time.
//! The process kills itself with SIGKILL: nothing is flushed, closed or unwound.

/// Dies here if this place was named.
pub fn crash_point(place: &str) {
    crash_point_of(place, "");
}

/// Dies here if this place was named together with what it is about, such as the kind of an event.
#[cfg(not(debug_assertions))]
pub const fn crash_point_of(_place: &str, _of: &str) {}

/// Dies a moment later if this place was named, while whatever follows is under way.
#[cfg(not(debug_assertions))]
pub const fn crash_point_soon(_place: &str) {}

#[cfg(debug_assertions)]
pub use armed::{crash_point_of, crash_point_soon};

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// What is under way after [`crash_point_soon`] gets so long.
    const SOON: Duration = Duration::from_millis(120);

    struct Armed {
        place: String,
        of: String,
        passes_left: AtomicU32,
    }

    /// Dies here if this place was named together with what it is about, such as the kind of an event.
    pub fn crash_point_of(place: &str, of: &str) {
        if is_reached(place, of) {
            die();
        }
    }

    /// Dies a moment later if this place was named, while whatever follows is under way.
    pub fn crash_point_soon(place: &str) {
        if is_reached(place, "") {
            std::thread::spawn(|| {
                std::thread::sleep(SOON);
                die();
            });
        }
    }

    fn is_reached(place: &str, of: &str) -> bool {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let Some(armed) = ARMED.get_or_init(arm) else { return false };
        let is_here = armed.place == place && armed.of == of;
        // The last pass counts down to zero and is the one; later ones cannot be, the process is dead.
        is_here && armed.passes_left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    #[expect(clippy::disallowed_methods, reason = "no setting of the product: it exists in debug builds alone")]
    fn arm() -> Option<Armed> {
        std::env::var("OMBUD_CRASH_AT").ok().as_deref().and_then(parse)
    }

    fn parse(text: &str) -> Option<Armed> {
        let (at, passes) = text.split_once('#').unwrap_or((text, "1"));
        let (place, of) = at.split_once('/').unwrap_or((at, ""));
        Some(Armed {
            place: place.to_owned(),
            of: of.to_owned(),
            passes_left: AtomicU32::new(passes.parse().ok().filter(|passes| *passes > 0)?),
        })
    }

    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "what cannot kill itself still has to die at once")]
    fn die() {
        if rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).is_err() {
            std::process::abort();
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::disallowed_methods, reason = "the nearest thing to being killed")]
    fn die() {
        std::process::abort();
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_place_is_named_with_what_it_is_about_and_which_pass() {
            let named = |text: &str| {
                parse(text).map(|armed| (armed.place, armed.of, armed.passes_left.load(Ordering::Relaxed)))
            };
            let is = |place: &str, of: &str, passes: u32| Some((place.to_owned(), of.to_owned(), passes));
            assert_eq!(named("call.sent"), is("call.sent", "", 1));
            assert_eq!(named("commit.before/action.told#3"), is("commit.before", "action.told", 3));
            assert_eq!((named("call.sent#0"), named("call.sent#soon")), (None, None));
        }
    }
}
