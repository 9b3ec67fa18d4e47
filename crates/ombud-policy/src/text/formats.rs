//! How does a language write amounts, dates, lists and counts? As the Unicode CLDR says, which the `icu` crates carry.

use fixed_decimal::Decimal;
use icu_calendar::Gregorian;
use icu_datetime::fieldsets::YMD;
use icu_datetime::input::Date;
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_decimal::DecimalFormatter;
use icu_list::ListFormatter;
use icu_list::options::ListFormatterOptions;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};
use ombud_domain::Money;

/// Languages by tag as their speakers call them (CLDR 48).
const OWN_NAMES: [(&str, &str); 35] = [
    ("ar", "العربية"),
    ("bg", "български"),
    ("ca", "català"),
    ("cs", "čeština"),
    ("da", "dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "español"),
    ("et", "eesti"),
    ("fi", "suomi"),
    ("fr", "français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hr", "hrvatski"),
    ("hu", "magyar"),
    ("is", "íslenska"),
    ("it", "italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("lt", "lietuvių"),
    ("lv", "latviešu"),
    ("nb", "norsk bokmål"),
    ("nl", "Nederlands"),
    ("pl", "polski"),
    ("pt", "português"),
    ("ro", "română"),
    ("sk", "slovenčina"),
    ("sl", "slovenščina"),
    ("sv", "svenska"),
    ("th", "ไทย"),
    ("tr", "Türkçe"),
    ("uk", "українська"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// What the speakers of a language call it; its tag where that is not known.
pub(crate) fn own_name(tag: &str) -> &str {
    let language = tag.split(['-', '_']).next().unwrap_or(tag);
    OWN_NAMES.iter().find(|(known, _)| *known == language).map_or(tag, |(_, name)| name)
}

/// Where a locale is none that the CLDR knows.
const FALLBACK: &str = "en-GB";
/// English without a country is written as most of the English-speaking world does: day before month, no comma before "and".
const PLAIN_ENGLISH: &str = "en";

/// The conventions of one language. Digits are the Latin ones everywhere, as on cards, bills and in ids.
#[derive(Debug)]
pub(super) struct Formats {
    date: FixedCalendarDateTimeFormatter<Gregorian, YMD>,
    number: DecimalFormatter,
    and: ListFormatter,
    or: ListFormatter,
    plural: PluralRules,
}

impl Formats {
    /// Those of a language tag; those of English where the tag is none. None only if the crate's own data are broken.
    pub(super) fn of(tag: &str) -> Option<Self> {
        let tag = if tag == PLAIN_ENGLISH { FALLBACK } else { tag };
        [tag, FALLBACK].into_iter().find_map(|tag| Self::read(&format!("{tag}-u-nu-latn").parse().ok()?))
    }

    fn read(locale: &Locale) -> Option<Self> {
        let list = ListFormatterOptions::default;
        Some(Self {
            date: FixedCalendarDateTimeFormatter::try_new(DateTimeFormatterPreferences::from(locale), YMD::long())
                .ok()?,
            number: DecimalFormatter::try_new(locale.into(), Default::default()).ok()?,
            and: ListFormatter::try_new_and(locale.into(), list()).ok()?,
            or: ListFormatter::try_new_or(locale.into(), list()).ok()?,
            plural: PluralRules::try_new(locale.into(), Default::default()).ok()?,
        })
    }

    /// The long date of a day that is written `2026-11-28`, with or without a time; none if it is no day.
    pub(super) fn date(&self, text: &str) -> Option<String> {
        let mut parts = text.get(..10)?.split('-');
        let (year, month, day) =
            (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(self.date.format(&Date::try_new_gregorian(year, month, day).ok()?).to_string())
    }

    /// An amount with the code of its currency, which is the same in all languages: `1.234,50 EUR`.
    pub(super) fn money(&self, money: Money) -> String {
        let mut decimal = Decimal::from(money.minor);
        decimal.multiply_pow10(-i16::try_from(money.currency.exponent()).unwrap_or_default());
        format!("{} {}", self.number.format(&decimal), money.currency)
    }

    /// A number with two digits behind the point.
    pub(super) fn amount(&self, value: f64) -> String {
        let written = format!("{value:.2}");
        written.parse::<Decimal>().map_or(written, |decimal| self.number.format(&decimal).to_string())
    }

    /// A number with as many digits as it has.
    pub(super) fn number(&self, value: f64) -> String {
        let written = value.to_string();
        written.parse::<Decimal>().map_or(written, |decimal| self.number.format(&decimal).to_string())
    }

    /// A number with two digits behind the point, or none where it is whole.
    pub(super) fn major(&self, value: f64) -> String {
        let whole = format!("{value:.0}");
        match whole.parse::<f64>() {
            Ok(rounded) if (rounded - value).abs() < f64::EPSILON => {
                whole.parse::<Decimal>().map_or(whole, |decimal| self.number.format(&decimal).to_string())
            }
            _ => self.amount(value),
        }
    }

    /// Parts joined as in "a, b and c".
    pub(super) fn list_and(&self, parts: &[String]) -> String {
        self.and.format(parts.iter()).to_string()
    }

    /// Parts joined as in "a, b or c".
    pub(super) fn list_or(&self, parts: &[String]) -> String {
        self.or.format(parts.iter()).to_string()
    }

    /// Name of the plural category of a count: `zero`, `one`, `two`, `few`, `many` or `other`.
    pub(super) fn plural(&self, count: i64) -> &'static str {
        match self.plural.category_for(count) {
            PluralCategory::Zero => "zero",
            PluralCategory::One => "one",
            PluralCategory::Two => "two",
            PluralCategory::Few => "few",
            PluralCategory::Many => "many",
            PluralCategory::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_domain::Currency;

    use super::*;

    /// The forms are those of CLDR 48 (`long` dates, standard lists, default number systems but for the digits).
    #[test]
    fn each_language_writes_as_its_readers_do() {
        let euros = Money { minor: 123_450, currency: Currency::parse("EUR").unwrap() };
        for (tag, date, money, list) in [
            ("en", "5 November 2026", "1,234.50 EUR", "A, B and C"),
            ("de", "5. November 2026", "1.234,50 EUR", "A, B und C"),
            ("sv", "5 november 2026", "1\u{a0}234,50 EUR", "A, B och C"),
            ("pl", "5 listopada 2026", "1234,50 EUR", "A, B i C"),
            ("ar", "5 نوفمبر 2026", "1,234.50 EUR", "A وB وC"),
            ("ja", "2026年11月5日", "1,234.50 EUR", "A、B、C"),
            ("no such tag", "5 November 2026", "1,234.50 EUR", "A, B and C"),
        ] {
            let formats = Formats::of(tag).unwrap();
            assert_eq!(formats.date("2026-11-05T10:00:00Z").as_deref(), Some(date), "{tag}");
            assert_eq!(formats.money(euros), money, "{tag}");
            assert_eq!(formats.list_and(&["A", "B", "C"].map(ToOwned::to_owned)), list, "{tag}");
        }
        assert_eq!(Formats::of("en").unwrap().date("soon"), None);
        let yen = Money { minor: -1_999, currency: Currency::parse("JPY").unwrap() };
        assert_eq!(Formats::of("en").unwrap().money(yen), "-1,999 JPY");
    }

    #[test]
    fn counts_have_the_category_of_their_language() {
        let of = |tag: &str, count| Formats::of(tag).unwrap().plural(count);
        assert_eq!([1, 2, 5, 22].map(|count| of("pl", count)), ["one", "few", "many", "few"]);
        assert_eq!([0, 1, 2, 3, 11].map(|count| of("ar", count)), ["zero", "one", "two", "few", "many"]);
        assert_eq!([1, 2].map(|count| of("ja", count)), ["other", "other"]);
        assert_eq!([0, 1].map(|count| of("en", count)), ["other", "one"]);
    }
}
