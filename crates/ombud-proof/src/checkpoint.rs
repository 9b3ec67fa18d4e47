//! How long was the log when, and what was its root? The text that is signed and kept elsewhere (c2sp.org/tlog-checkpoint).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::merkle::Hash;
use crate::note::{LogKey, LogVerifier, NoteError};

/// A signed head of a log. When it was signed stands in an extension line, `time` and the seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log; the name of its key.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root of the tree of them.
    pub root: Hash,
    /// When it was signed, seconds.
    pub time_s: i64,
}

impl Checkpoint {
    /// Signs it; gives the note.
    #[must_use]
    pub fn sign(&self, key: &LogKey) -> String {
        let root = STANDARD.encode(self.root);
        key.sign(&format!("{}\n{}\n{root}\ntime {}\n", self.origin, self.size, self.time_s))
    }

    /// Reads one that this key has signed.
    ///
    /// # Errors
    /// [`NoteError`]; [`NoteError::Format`] too when the signed text is no checkpoint of the log that the key is named for.
    pub fn open(note: &str, verifier: &LogVerifier) -> Result<Self, NoteError> {
        let mut lines = verifier.open(note)?.lines();
        let (Some(origin), Some(size), Some(root), Some(time), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Format);
        };
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or(NoteError::Format)?;
        let time_s = time.strip_prefix("time ").and_then(|time| time.parse().ok()).ok_or(NoteError::Format)?;
        let is_plain = size == "0" || !size.starts_with(['0', '+']);
        match size.parse() {
            Ok(size) if is_plain && origin == verifier.name() => {
                Ok(Self { origin: origin.to_owned(), size, root, time_s })
            }
            _ => Err(NoteError::Format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> LogKey {
        LogKey::from_seed(name, &[7; 32]).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_back_by_its_own_key_only() {
        let checkpoint =
            Checkpoint { origin: "nimbus.example/log".to_owned(), size: 12, root: [3; 32], time_s: 1_781_524_800 };
        let note = checkpoint.sign(&key("nimbus.example/log"));
        assert!(note.starts_with("nimbus.example/log\n12\n"));
        assert_eq!(Checkpoint::open(&note, key("nimbus.example/log").verifier()), Ok(checkpoint));
        assert!(Checkpoint::open(&note, key("other.example/log").verifier()).is_err());
        let swapped = LogKey::from_seed("nimbus.example/log", &[8; 32]).unwrap();
        assert!(matches!(Checkpoint::open(&note, swapped.verifier()), Err(NoteError::NotSigned)));
    }

    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_refused() {
        let (key, root) = (key("log"), STANDARD.encode([3; 32]));
        for text in [
            "log\n".to_owned(),
            format!("log\n012\n{root}\ntime 1\n"),
            format!("log\n+1\n{root}\ntime 1\n"),
            format!("other\n12\n{root}\ntime 1\n"),
            format!("log\n12\n{root}\n"),
            "log\n12\nAAAA\ntime 1\n".to_owned(),
        ] {
            assert_eq!(Checkpoint::open(&key.sign(&text), key.verifier()), Err(NoteError::Format), "{text}");
        }
    }
}
