//! How is a text sealed? AES-256-GCM with a random nonce, bound to the place where the text lies.
//!
//! A data key seals one conversation, so random nonces of 96 bits stay far below the 2^32 messages that NIST SP 800-38D, 8.3 allows a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// What a sealed text begins with; JSON never does.
const MARK: &str = "o1.";
/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of the id of a data key.
const ID_BYTES: usize = 16;
/// Characters of a sealed text before what is sealed: the mark, the id of the key and a point.
const HEAD_CHARS: usize = 3 + 22 + 1;

/// Which data key: random, so it tells nothing of whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyId([u8; ID_BYTES]);

/// Random numbers cannot be had, or a text is not what was sealed with this key at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CipherError {
    #[error("the system gives no random numbers")]
    Random,
    #[error("not what was sealed with this key at this place")]
    Forged,
}

/// A key that seals texts.
pub(crate) struct Cipher(LessSafeKey);

impl KeyId {
    pub(crate) fn fresh() -> Result<Self, CipherError> {
        random().map(Self)
    }

    /// The name of the wrapping key, where it seals notes.
    pub(crate) const fn of_notes() -> Self {
        Self([0; ID_BYTES])
    }

    pub(crate) fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The key of a stored text; none when the text is plain.
    pub(crate) fn of_sealed(text: &str) -> Option<Self> {
        Self::parse(text.get(..HEAD_CHARS)?.strip_prefix(MARK)?.strip_suffix('.')?)
    }
}

impl Cipher {
    pub(crate) fn new(key: &[u8]) -> Result<Self, CipherError> {
        UnboundKey::new(&AES_256_GCM, key).map(|key| Self(LessSafeKey::new(key))).map_err(|_| CipherError::Forged)
    }

    /// Nonce, ciphertext and tag.
    pub(crate) fn seal(&self, place: &[u8], content: &[u8]) -> Result<Vec<u8>, CipherError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + content.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(content);
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_used, Aad::from(place), &mut sealed).map_err(|_| CipherError::Forged)?;
        sealed.splice(0..0, nonce);
        Ok(sealed)
    }

    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(CipherError::Forged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError::Forged)?;
        let mut content = rest.to_vec();
        let length =
            self.0.open_in_place(nonce, Aad::from(place), &mut content).map_err(|_| CipherError::Forged)?.len();
        content.truncate(length);
        Ok(content)
    }

    /// A text as it is stored.
    pub(crate) fn seal_text(&self, id: KeyId, place: &Place<'_>, text: &str) -> Result<String, CipherError> {
        let sealed = self.seal(&place.bytes(id), text.as_bytes())?;
        let mut stored = String::with_capacity(HEAD_CHARS + sealed.len() * 4 / 3 + 4);
        stored.push_str(MARK);
        stored.push_str(&id.to_text());
        stored.push('.');
        URL_SAFE_NO_PAD.encode_string(&sealed, &mut stored);
        Ok(stored)
    }

    /// The text of what is stored.
    pub(crate) fn open_text(&self, id: KeyId, place: &Place<'_>, stored: &str) -> Result<String, CipherError> {
        let sealed = stored.get(HEAD_CHARS..).and_then(|sealed| URL_SAFE_NO_PAD.decode(sealed).ok());
        let content = self.open(&place.bytes(id), &sealed.ok_or(CipherError::Forged)?)?;
        String::from_utf8(content).map_err(|_| CipherError::Forged)
    }
}

/// Where a sealed text lies; it opens nowhere else (test: `what_was_sealed_elsewhere_is_refused`).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Tenant, kind and id of the stream, version.
    Event(&'a str, &'a str, &'a str, i64),
    /// Tenant, scope, idempotency key.
    Reply(&'a str, &'a str, &'a str),
    /// Tenant, conversation.
    Inbox(&'a str, &'a str),
    /// What it is about.
    Note(&'a str),
}

impl Place<'_> {
    /// Every part with its length before it, so that no two places have the same bytes.
    fn bytes(&self, key: KeyId) -> Vec<u8> {
        let (name, version, parts) = match self {
            Self::Event(tenant, kind, id, version) => ("event", *version, [*tenant, *kind, *id]),
            Self::Reply(tenant, scope, key) => ("reply", 0, [*tenant, *scope, *key]),
            Self::Inbox(tenant, conversation) => ("inbox", 0, [*tenant, *conversation, ""]),
            Self::Note(about) => ("note", 0, [*about, "", ""]),
        };
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&key.0);
        bytes.extend_from_slice(&version.to_be_bytes());
        for part in std::iter::once(name).chain(parts) {
            bytes.extend_from_slice(&part.len().to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], CipherError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| CipherError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_elsewhere_is_refused() {
        let (cipher, id) = (Cipher::new(&[7; KEY_BYTES]).unwrap(), KeyId([1; ID_BYTES]));
        let place = Place::Event("t", "conversation", "c", 3);
        let stored = cipher.seal_text(id, &place, "{\"text\":\"Jane\"}").unwrap();
        assert_eq!(KeyId::of_sealed(&stored), Some(id));
        assert_eq!(cipher.open_text(id, &place, &stored).unwrap(), "{\"text\":\"Jane\"}");
        for elsewhere in [
            Place::Event("u", "conversation", "c", 3),
            Place::Event("t", "conversation", "d", 3),
            Place::Event("t", "conversation", "c", 4),
            Place::Event("t", "conversationc", "", 3),
            Place::Reply("t", "conversation", "c"),
            Place::Inbox("t", "c"),
        ] {
            assert_eq!(cipher.open_text(id, &elsewhere, &stored), Err(CipherError::Forged), "{elsewhere:?}");
        }
        let other = Cipher::new(&[8; KEY_BYTES]).unwrap();
        assert_eq!(other.open_text(id, &place, &stored), Err(CipherError::Forged));
        assert_eq!(cipher.open_text(KeyId([2; ID_BYTES]), &place, &stored), Err(CipherError::Forged));
    }

    #[test]
    fn a_flipped_bit_is_refused_and_the_same_text_is_never_sealed_alike() {
        let (cipher, id) = (Cipher::new(&[7; KEY_BYTES]).unwrap(), KeyId([1; ID_BYTES]));
        let place = Place::Inbox("t", "c");
        let sealed = cipher.seal(&place.bytes(id), b"+49 170 5550123").unwrap();
        for index in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[index] ^= 1;
            assert_eq!(cipher.open(&place.bytes(id), &flipped), Err(CipherError::Forged), "{index}");
        }
        assert_ne!(cipher.seal(&place.bytes(id), b"+49 170 5550123").unwrap(), sealed);
    }

    #[test]
    fn json_is_plain() {
        for plain in ["{}", "null", "", "o1.", "o1.short.", "\"o1.AAAAAAAAAAAAAAAAAAAAAA.x\""] {
            assert_eq!(KeyId::of_sealed(plain), None, "{plain}");
        }
    }
}
