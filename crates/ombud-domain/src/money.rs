//! How is money written, added and shown? As integer minor units of an ISO 4217 currency; never as a float.

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why an amount could not be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three ASCII letters.
    #[error("`{0}` is not an ISO 4217 currency code, use three letters such as `EUR`")]
    Currency(String),
    /// Amounts of two currencies were combined.
    #[error("amounts of different currencies cannot be combined: `{0}` and `{1}`")]
    Mixed(Currency, Currency),
    /// The sum leaves the 64-bit range.
    #[error("the amount is out of range")]
    Overflow,
}

/// Currencies without minor units (ISO 4217 list one, 2026-01).
const EXPONENT_0: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies with three minor digits (ISO 4217 list one, 2026-01).
const EXPONENT_3: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Units of account with four minor digits (ISO 4217 list one, 2026-01).
const EXPONENT_4: [&str; 2] = ["CLF", "UYW"];

impl Currency {
    /// Reads a code of three ASCII letters in either case.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] for anything else; the caller can fix it.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a, b, c] if code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(MoneyError::Currency(code.to_owned())),
        }
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal digits of the minor unit: 0, 2, 3 or 4 (ISO 4217).
    #[must_use]
    pub fn exponent(&self) -> u32 {
        match self.code() {
            code if EXPONENT_0.contains(&code) => 0,
            code if EXPONENT_3.contains(&code) => 3,
            code if EXPONENT_4.contains(&code) => 4,
            _ => 2,
        }
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in minor units (`1999` `EUR` is 19.99 euro).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for an amount owed the other way.
    pub minor: i64,
    /// The currency that gives `minor` its meaning.
    pub currency: Currency,
}

impl Money {
    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] for two currencies, [`MoneyError::Overflow`] past 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// The amount as digits with a decimal point and thousands separators, without the currency: `1,234.50`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let exponent = self.currency.exponent();
        let unit = 10_u64.pow(exponent);
        let absolute = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let whole = group_thousands(absolute / unit);
        match usize::try_from(exponent) {
            Ok(width) if width > 0 => format!("{sign}{whole}.{:0width$}", absolute % unit),
            _ => format!("{sign}{whole}"),
        }
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

fn group_thousands(whole: u64) -> String {
    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money { minor, currency: Currency::parse(code).unwrap() }
    }

    #[test]
    fn amounts_show_as_many_digits_as_the_currency_has() {
        let cases = [
            (123_450, "EUR", "1,234.50 EUR"),
            (5, "EUR", "0.05 EUR"),
            (-1999, "USD", "-19.99 USD"),
            (1_234, "JPY", "1,234 JPY"),
            (1_234, "KWD", "1.234 KWD"),
        ];
        for (minor, code, shown) in cases {
            assert_eq!(money(minor, code).to_string(), shown);
        }
    }

    #[test]
    fn the_minor_unit_is_the_one_of_the_standard() {
        let of = |code: &str| Currency::parse(code).unwrap().exponent();
        for (digits, codes) in [
            (0, ["JPY", "KRW", "ISK", "VND", "XOF", "XAF", "XPF", "CLP", "UGX", "PYG"].as_slice()),
            (2, &["EUR", "USD", "SEK", "HUF", "CZK", "MGA", "IDR", "TWD", "MRU", "UYU"]),
            (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
            (4, &["CLF", "UYW"]),
        ] {
            assert!(codes.iter().all(|code| of(code) == digits), "{digits}: {codes:?}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_never_added() {
        assert!(matches!(money(1, "EUR").checked_add(money(1, "SEK")), Err(MoneyError::Mixed(..))));
        assert_eq!(money(i64::MAX, "EUR").checked_add(money(1, "EUR")), Err(MoneyError::Overflow));
        assert_eq!(money(40, "EUR").checked_add(money(2, "EUR")), Ok(money(42, "EUR")));
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert!(Currency::parse("EU").is_err() && Currency::parse("E1R").is_err() && Currency::parse("EURO").is_err());
        assert_eq!(Currency::parse("eur").unwrap().code(), "EUR");
    }
}
