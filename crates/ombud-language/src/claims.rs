//! Which checkable claims does a text make, and which of them do the grounds not support?
//!
//! Guards what a model drafts: a number, date, amount, link or finished deed that stands in no ground is not said. It cannot judge
//! meaning; it makes sure that whatever could cost money can be pointed at.

mod draft;
mod effects;
mod figures;

use std::collections::BTreeSet;

pub use draft::{Vocabulary, beyond};
use figures::Figure;

/// What a text states that can be checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Numbers and ids as written, without those of the other fields.
    pub numbers: Vec<String>,
    /// Amounts of money as written.
    pub amounts: Vec<String>,
    /// Dates as written.
    pub dates: Vec<String>,
    /// Percentages as written.
    pub percents: Vec<String>,
    /// Links and bare domains.
    pub urls: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Sentences that say something was done: "I have refunded", "has been cancelled".
    pub effect_statements: Vec<String>,
}

/// Reads the claims of a text.
#[must_use]
pub fn claims(text: &str) -> Claims {
    let mut claims = Claims {
        effect_statements: effects::read(text).into_iter().map(|effect| effect.sentence).collect(),
        ..Claims::default()
    };
    for (written, figure) in figures::read(text) {
        let list = match figure {
            Figure::Amount { .. } => &mut claims.amounts,
            Figure::Date { .. } => &mut claims.dates,
            Figure::Percent(_) => &mut claims.percents,
            Figure::Url(_) => &mut claims.urls,
            Figure::Email(_) => &mut claims.emails,
            Figure::Number { .. } | Figure::Id(_) => &mut claims.numbers,
        };
        list.push(written);
    }
    claims
}

/// The figures of `text` that `ground` does not say by value, as written and in their order; deeds are not read.
#[must_use]
pub fn figures_beyond(text: &str, ground: &str) -> Vec<String> {
    let known: Vec<Figure> = figures::read(ground).into_iter().map(|(_, figure)| figure).collect();
    let read = figures::read(text).into_iter();
    read.filter(|(_, figure)| !known.iter().any(|ground| figure.is_supported_by(ground)))
        .map(|(written, _)| written)
        .collect()
}

/// The figures of a text as written, in their order; links and addresses among them.
#[must_use]
pub fn figures(text: &str) -> Vec<String> {
    figures::read(text).into_iter().map(|(written, _)| written).collect()
}

/// The claims of `text` that no ground supports, as written; empty means that it may be said.
///
/// Figures compare by value ("1,150.00 USD" supports "$1150", "2026-11-21" supports "21 November"), a number with a unit of time only with
/// the same unit, and a finished deed only by a ground that states it as done, without "if" or "once".
#[must_use]
pub fn unsupported(text: &str, grounds: &[&str]) -> Vec<String> {
    let known: Vec<Figure> =
        grounds.iter().flat_map(|ground| figures::read(ground)).map(|(_, figure)| figure).collect();
    let done: BTreeSet<String> = grounds
        .iter()
        .flat_map(|ground| effects::read(ground))
        .filter(|effect| effect.is_stated_as_done)
        .map(|effect| effect.stem)
        .collect();
    let figures = figures::read(text)
        .into_iter()
        .filter(|(_, figure)| !known.iter().any(|ground| figure.is_supported_by(ground)))
        .map(|(written, _)| written);
    let effects = effects::read(text)
        .into_iter()
        .filter(|effect| effect.is_stated_as_done && !done.contains(&effect.stem))
        .map(|effect| effect.sentence);
    let mut missing: Vec<String> = Vec::new();
    for claim in figures.chain(effects) {
        if !missing.contains(&claim) {
            missing.push(claim);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_count_by_value_not_by_spelling() {
        let grounds = [
            "Receipt R-2041: refund of 1,150.00 USD on 2026-11-21 to the card ending 1111. Allow 5-7 business days. The rate is 11.9 %.",
        ];
        for said in [
            "Your refund of $1,150 was noted on 21 November, receipt R-2041.",
            "It takes five to seven business days.",
            "The rate is 11.9% and it goes to the card ending 1111.",
        ] {
            assert_eq!(unsupported(said, &grounds), Vec::<String>::new(), "{said}");
        }
        assert_eq!(unsupported("It takes 5-7 weeks.", &grounds), ["5", "7"]);
        assert_eq!(unsupported("You get $1,160 back on 22 November.", &grounds), ["$1,160", "22 November"]);
        assert_eq!(
            unsupported("See https://pay.example/refund or write to a@b.example", &grounds),
            ["https://pay.example/refund", "a@b.example"]
        );
        assert_eq!(unsupported("Your receipt is R-2042 and the rate 12%.", &grounds), ["R-2042", "12%"]);
    }

    #[test]
    fn a_deed_is_said_only_if_a_ground_says_it_was_done() {
        let receipt = ["The order ORD-100234 was cancelled."];
        let rule = ["Once the shop has approved the return, the amount is refunded to the payment method used."];
        assert_eq!(unsupported("I have cancelled your order ORD-100234.", &receipt), Vec::<String>::new());
        for said in [
            "I refunded the money.",
            "I've just refunded it to your card.",
            "Your order has been refunded.",
            "The refund has been issued.",
            "We have processed your refund.",
            "Your money is on its way.",
            "Done! The refund was sent.",
            "I went ahead and refunded you.",
            "I have refunded you and it will arrive in a few days.",
            "I can confirm that your money has been refunded.",
            "If you check your account, you see that the money was refunded.",
        ] {
            assert!(!unsupported(said, &receipt).is_empty(), "{said}");
            assert!(!unsupported(said, &rule).is_empty(), "{said}");
        }
    }

    #[test]
    fn rules_and_offers_are_no_deeds() {
        let none: [&str; 0] = [];
        for said in [
            "Once the shop has approved the return, your money is refunded.",
            "If it has been cancelled already, nothing is due.",
            "I can cancel the order if you like.",
            "Would you like me to refund it?",
            "The order has not been cancelled.",
            "Shall I send it?",
            "It may have been cancelled.",
            "You hear from us when the refund has been issued.",
        ] {
            assert_eq!(unsupported(said, &none), Vec::<String>::new(), "{said}");
        }
    }

    #[test]
    fn deeds_in_other_languages_are_seen() {
        let none: [&str; 0] = [];
        for said in [
            "Jag har återbetalat pengarna.",
            "Din beställning har avbokats.",
            "Ihre Bestellung wurde storniert.",
            "Ich habe den Betrag erstattet.",
            "Votre commande a été annulée.",
            "J'ai remboursé le montant.",
            "Su pedido ha sido cancelado.",
            "He reembolsado el importe.",
            "Il tuo ordine è stato annullato.",
            "O seu pedido foi cancelado.",
            "Uw bestelling is geannuleerd.",
            "Bestillingen din er blitt kansellert.",
            "Tilauksesi on peruutettu.",
            "Zamówienie zostało anulowane.",
        ] {
            assert_eq!(unsupported(said, &none).len(), 1, "{said}");
        }
    }
}
