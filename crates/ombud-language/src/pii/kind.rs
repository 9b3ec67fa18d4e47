//! Which kinds of personal data are told apart?

use serde::{Deserialize, Deserializer, Serialize};

/// A kind of personal data, by its name: `email`, `iban`, `se_personnummer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PiiKind(&'static str);

/// All kinds: patterns first, then the numbers of states, then what is known from records alone.
const NAMES: &[&str] = &[
    "bank_account",
    "bic",
    "crypto_address",
    "date_of_birth",
    "driving_licence",
    "email",
    "iban",
    "imei",
    "ip_address",
    "licence_plate",
    "mac_address",
    "passport",
    "person_name",
    "phone",
    "postal_address",
    "postal_code",
    "url_with_secret",
    "vat_number",
    "at_svnr",
    "au_tfn",
    "baltic_id",
    "be_nrn",
    "bg_egn",
    "br_cpf",
    "ca_sin",
    "ch_ahv",
    "cn_ric",
    "cz_rodne_cislo",
    "de_steuer_id",
    "dk_cpr",
    "es_dni",
    "es_nie",
    "fi_hetu",
    "fr_nir",
    "gb_nino",
    "gb_utr",
    "gr_amka",
    "hr_oib",
    "hu_taj",
    "ie_pps",
    "il_id",
    "in_aadhaar",
    "in_pan",
    "is_kennitala",
    "it_codice_fiscale",
    "jp_my_number",
    "kr_rrn",
    "mx_curp",
    "nl_bsn",
    "no_fodselsnummer",
    "pl_pesel",
    "pt_nif",
    "ro_cnp",
    "se_personnummer",
    "si_emso",
    "th_pin",
    "tr_kimlik",
    "us_ssn",
    "za_id",
    "amount",
    "literal",
    "number",
    "reference",
    "value",
];

impl PiiKind {
    /// Words in square brackets that look like a token and are none: they are hidden, so that nobody can name another's token.
    pub(super) const LITERAL: Self = Self("literal");
    pub(super) const AMOUNT: Self = Self("amount");
    pub(super) const NUMBER: Self = Self("number");
    pub(super) const REFERENCE: Self = Self("reference");
    pub(super) const VALUE: Self = Self("value");
    pub(super) const PERSON_NAME: Self = Self("person_name");

    /// The kind of this name; none where there is no such kind.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|known| **known == name).map(|known| Self(known))
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|name| Self(name))
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for PiiKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("no kind of personal data is called `{name}`")))
    }
}
