//! What would the first message wait for? Patterns are compiled when they are first used; a server does that before it opens.

use jiff::civil::Date;

use crate::extract::{Awaiting, ExtractContext, Patterns, extract};
use crate::{safety, unsupported};

/// Meets every pattern that does not come from a pack.
const MESSAGE: &str = "I'm Ada Lovelace, ada@example.com, +44 20 7946 0958. I paid $20.50 on 4 May 2026 with the card ending in 1111 for two lamps, \
the second one for 12 Main Street, Apt 4, Austin, TX 73301, zip code 73301. I have cancelled it: card 4111 1111 1111 1111 12/27 123, cvv 123, \
my password is Hunter2!, IBAN DE89 3704 0044 0532 0130 00, https://example.com, 20 %.";

/// Compiles the patterns that do not come from a pack. They take about as long as learning the pack's words, so do it beside that.
pub fn compile_patterns() {
    let patterns = Patterns::default();
    for awaiting in [Awaiting::Nothing, Awaiting::Identity, Awaiting::Address, Awaiting::Amount] {
        let today = Date::constant(2026, 1, 1);
        drop(extract(MESSAGE, &ExtractContext { today, patterns: &patterns, awaiting }));
    }
    let redacted = safety::redact(MESSAGE);
    drop(unsupported(MESSAGE, &[&redacted.text]));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is not met would be compiled while the first customer waits.
    #[test]
    fn the_message_meets_every_kind_of_pattern() {
        let patterns = Patterns::default();
        let context =
            ExtractContext { today: Date::constant(2026, 1, 1), patterns: &patterns, awaiting: Awaiting::Identity };
        let kinds: BTreeSet<String> = extract(MESSAGE, &context).into_iter().map(|entity| entity.kind).collect();
        for kind in
            ["email", "phone", "amount", "date", "ordinal", "number", "address", "postal_code", "card_last4", "name"]
        {
            assert!(kinds.contains(kind), "{kind}: {kinds:?}");
        }
        let removed: Vec<_> = safety::redact(MESSAGE).redactions.iter().map(|redaction| redaction.kind).collect();
        for kind in
            [safety::RedactionKind::CardNumber, safety::RedactionKind::SecurityCode, safety::RedactionKind::Password]
        {
            assert!(removed.contains(&kind), "{kind:?}: {removed:?}");
        }
        let claims = crate::claims(MESSAGE);
        assert!(!claims.effect_statements.is_empty() && !claims.urls.is_empty() && !claims.percents.is_empty());
    }
}
