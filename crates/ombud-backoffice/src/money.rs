//! How is money written and converted?
//!
//! Integer minor units and a currency, never floats. The retail part is the exception: the public benchmark grades
//! decimal numbers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The currencies of the markets Nimbus Pay serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Eur,
    Sek,
    Nok,
    Dkk,
    Gbp,
    Usd,
    Pln,
    Jpy,
}

impl Currency {
    /// A shop's price for this currency, made from its euro price. The rates are fixed: the world must not change with
    /// the market. Prices end as shops write them (799 kr, 89.99), so the result is not a bank's conversion.
    pub const fn price(self, euro_minor: i64) -> Money {
        let minor = match self {
            Self::Eur => euro_minor,
            Self::Sek | Self::Nok => whole_tens_less_one(euro_minor.saturating_mul(114) / 10, 100),
            Self::Dkk => whole_tens_less_one(euro_minor.saturating_mul(75) / 10, 100),
            Self::Pln => whole_tens_less_one(euro_minor.saturating_mul(43) / 10, 100),
            Self::Jpy => whole_tens_less_one(euro_minor.saturating_mul(163) / 100, 1),
            Self::Gbp => whole_less_a_penny(euro_minor.saturating_mul(86) / 100),
            Self::Usd => whole_less_a_penny(euro_minor.saturating_mul(108) / 100),
        };
        Money { minor, currency: self }
    }

    /// What it costs to move a due date of an instalment plan by two weeks.
    pub const fn extension_fee(self) -> Money {
        let minor = match self {
            Self::Eur | Self::Gbp | Self::Usd => 199,
            Self::Sek | Self::Nok => 2_900,
            Self::Dkk => 1_900,
            Self::Pln => 900,
            Self::Jpy => 300,
        };
        Money { minor, currency: self }
    }
}

const fn whole_tens_less_one(minor: i64, unit: i64) -> i64 {
    let ten = unit * 10;
    let tens = (minor + ten / 2) / ten;
    let tens = if tens < 1 { 1 } else { tens };
    tens * ten - unit
}

const fn whole_less_a_penny(minor: i64) -> i64 {
    let whole = (minor + 50) / 100;
    let whole = if whole < 1 { 1 } else { whole };
    whole * 100 - 1
}

/// An amount in minor units (cents, öre; whole yen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// This amount and another of the same currency.
    pub const fn plus(self, other: Self) -> Self {
        Self { minor: self.minor.saturating_add(other.minor), currency: self.currency }
    }

    /// This amount less another of the same currency.
    pub const fn minus(self, other: Self) -> Self {
        Self { minor: self.minor.saturating_sub(other.minor), currency: self.currency }
    }

    /// This amount, `count` times.
    pub const fn times(self, count: i64) -> Self {
        Self { minor: self.minor.saturating_mul(count), currency: self.currency }
    }

    /// This amount, but not below zero.
    pub const fn or_zero(self) -> Self {
        Self { minor: if self.minor < 0 { 0 } else { self.minor }, currency: self.currency }
    }

    /// The sum; zero of `currency` for none.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Self {
        amounts.into_iter().fold(Self::zero(currency), Self::plus)
    }

    /// Splits into `parts` amounts that differ by one minor unit at most and sum to this amount; the larger ones come
    /// first.
    pub fn split(self, parts: u32) -> Vec<Self> {
        let parts = i64::from(parts.max(1));
        let each = self.minor / parts;
        let rest = self.minor % parts;
        (0..parts).map(|part| Self { minor: each + i64::from(part < rest), currency: self.currency }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole() {
        for minor in [0, 1, 2, 99, 100, 79_901] {
            for parts in 1..13 {
                let whole = Money { minor, currency: Currency::Sek };
                assert_eq!(Money::sum(Currency::Sek, whole.split(parts)), whole);
            }
        }
    }

    #[test]
    fn prices_end_as_shops_write_them() {
        assert_eq!(Currency::Sek.price(6_990).minor, 79_900);
        assert_eq!(Currency::Gbp.price(6_990).minor, 5_999);
        assert_eq!(Currency::Jpy.price(6_990).minor, 11_389);
    }
}
