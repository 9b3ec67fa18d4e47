//! Who says so? Texts signed with Ed25519, and their keys, as c2sp.org/signed-note writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The type byte of Ed25519 keys.
const ED25519: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
const SIGNATURE: &str = "\u{2014} ";
/// Bytes of a note at most.
const NOTE_BYTES_MAX: usize = 64 * 1024;

/// Why a key or a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text is no key.
    #[error("this is no key, expected `name+hash+base64` as `ombud keys` writes it")]
    Key,
    /// A name of a key cannot be empty or hold spaces or a plus sign.
    #[error("the name of a key is one word without `+`, choose another")]
    Name,
    /// The text is no signed note.
    #[error("this is no signed note")]
    Format,
    /// Nobody signed it with this key.
    #[error("it is not signed with this key")]
    NotSigned,
    /// The signature is not of this text.
    #[error("its signature is not of its text")]
    Signature,
}

/// A key that signs.
#[derive(Clone)]
pub struct LogKey {
    verifier: LogVerifier,
    key: SigningKey,
}

/// A key that verifies; anybody may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "LogKey({}, ***)", self.verifier.name)
    }
}

impl LogKey {
    /// A key from 32 bytes that nobody else knows.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { verifier: LogVerifier::new(name, key.verifying_key())?, key })
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, seed) = parts(text.trim().strip_prefix(PRIVATE).ok_or(NoteError::Key)?)?;
        let key = Self::from_seed(name, &seed).map_err(|_| NoteError::Key)?;
        if key.verifier.id == id { Ok(key) } else { Err(NoteError::Key) }
    }

    /// The key as text, to be kept secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{PRIVATE}{}", text_of(&self.verifier.name, self.verifier.id, self.key.as_bytes()))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// Signs a text that ends with a line end; gives the note.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let mut bytes = self.verifier.id.to_vec();
        bytes.extend_from_slice(&signature);
        format!("{text}\n{SIGNATURE}{} {}\n", self.verifier.name, STANDARD.encode(bytes))
    }
}

impl LogVerifier {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
            return Err(NoteError::Name);
        }
        let mut hasher = Sha256::new();
        hasher.update(name);
        hasher.update([b'\n', ED25519]);
        hasher.update(key.as_bytes());
        let [one, two, three, four, ..]: [u8; 32] = hasher.finalize().into();
        Ok(Self { name: name.to_owned(), id: [one, two, three, four], key })
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = parts(text.trim())?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::Key)?;
        let verifier = Self::new(name, key).map_err(|_| NoteError::Key)?;
        if verifier.id == id { Ok(verifier) } else { Err(NoteError::Key) }
    }

    /// The key as text, for everybody who is to verify.
    #[must_use]
    pub fn to_text(&self) -> String {
        text_of(&self.name, self.id, self.key.as_bytes())
    }

    /// The name of the key, which is the origin of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key has signed; signatures of others are left aside.
    ///
    /// # Errors
    /// [`NoteError`]: no note, not signed with this key, or another text than was signed.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        if note.len() > NOTE_BYTES_MAX || !note.ends_with('\n') {
            return Err(NoteError::Format);
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Format)?;
        let (text, rest) = note.split_at_checked(at + 1).ok_or(NoteError::Format)?;
        let mut found = None;
        for line in rest.trim_matches('\n').lines() {
            let (name, bytes) =
                line.strip_prefix(SIGNATURE).and_then(|line| line.split_once(' ')).ok_or(NoteError::Format)?;
            let bytes = STANDARD.decode(bytes).map_err(|_| NoteError::Format)?;
            let (id, signature) = bytes.split_at_checked(4).ok_or(NoteError::Format)?;
            if name == self.name && id == self.id {
                // One key signs once.
                if found.replace(signature.to_vec()).is_some() {
                    return Err(NoteError::Format);
                }
            }
        }
        let signature = found.ok_or(NoteError::NotSigned)?;
        let signature = Signature::from_slice(&signature).map_err(|_| NoteError::Signature)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| NoteError::Signature)?;
        Ok(text)
    }
}

fn text_of(name: &str, id: [u8; 4], key: &[u8; 32]) -> String {
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = [&[ED25519], key.as_slice()].concat();
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}

fn parts(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), NoteError> {
    let mut fields = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(NoteError::Key);
    };
    if id.len() != 8 || id.chars().any(|digit| !matches!(digit, '0'..='9' | 'a'..='f')) {
        return Err(NoteError::Key);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| NoteError::Key)?.to_be_bytes();
    let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
    let key = bytes.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or(NoteError::Key)?;
    Ok((name, id, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the format's first implementation (pkg.go.dev/golang.org/x/mod/sumdb/note).
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    /// The example of c2sp.org/signed-note.
    const PUBLIC_2: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE_2: &str = "This is an example message.\n\n\
        \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn keys_and_notes_are_those_published_for_the_format() {
        let key = LogKey::parse(SECRET).unwrap();
        assert_eq!((key.verifier().to_text(), key.to_text()), (PUBLIC.to_owned(), SECRET.to_owned()));
        let text = LogVerifier::parse(PUBLIC).unwrap().open(NOTE).unwrap();
        assert_eq!(key.sign(text), NOTE);
        let other = LogVerifier::parse(PUBLIC_2).unwrap();
        assert_eq!(other.open(NOTE_2), Ok("This is an example message.\n"));
        assert_eq!(other.open(NOTE), Err(NoteError::NotSigned));
    }

    /// R58: whatever byte of a note is another one, it is not believed.
    #[test]
    fn a_note_with_one_other_byte_is_refused() {
        let verifier = LogVerifier::parse(PUBLIC).unwrap();
        for at in 0..NOTE.len() {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            if let Ok(note) = String::from_utf8(bytes) {
                assert!(verifier.open(&note).is_err(), "byte {at}");
            }
        }
    }

    /// A key that other software has to tell from words, so every part of a mangled one is refused.
    #[test]
    fn a_mangled_key_is_refused() {
        for at in 0..PUBLIC.len() {
            let mut bytes = PUBLIC.as_bytes().to_vec();
            bytes[at] ^= 1;
            assert!(String::from_utf8(bytes).ok().is_none_or(|key| LogVerifier::parse(&key).is_err()), "byte {at}");
            assert!(LogVerifier::parse(PUBLIC.get(..at).unwrap()).is_err());
        }
        // Wrong length and unknown algorithm, each with the fitting hash (from the same tests).
        assert!(
            LogVerifier::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==").is_err()
        );
        assert!(LogVerifier::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").is_err());
        assert_eq!(LogKey::from_seed("two words", &[1; 32]).unwrap_err(), NoteError::Name);
        assert!(!format!("{:?}", LogKey::parse(SECRET).unwrap()).contains("AYEK"));
    }
}
