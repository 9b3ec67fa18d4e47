//! May we ship under this licence?

use anyhow::Context;
use spdx::{Expression, LicenseReq, ParseMode};

use super::rules::Rules;
use super::{Metadata, Package};

pub(super) fn check(metadata: &Metadata, rules: &Rules) -> anyhow::Result<Vec<String>> {
    let mut errors = Vec::new();
    for package in &metadata.packages {
        errors.extend(error_of(package, rules)?);
    }
    Ok(errors)
}

fn error_of(package: &Package, rules: &Rules) -> anyhow::Result<Option<String>> {
    let name = package.name.as_str();
    let Some(declared) = &package.license else {
        return Ok(Some(format!("`{name}` declares no licence")));
    };
    let expression = Expression::parse_mode(declared, ParseMode::LAX)
        .with_context(|| format!("the licence of `{name}` is not SPDX: `{declared}`"))?;
    let own = rules.licenses.exceptions.iter().filter(|exception| exception.package == name);
    let allowed: Vec<&String> = rules.licenses.allow.iter().chain(own.flat_map(|exception| &exception.allow)).collect();
    let is_allowed = |wanted: &LicenseReq| allowed.iter().any(|name| wanted.to_string() == **name);
    let accepted = expression.evaluate(is_allowed);
    Ok((!accepted).then(|| format!("`{name}` is under `{declared}`, which deny.toml does not allow")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "[advisories]\n[bans]\n[licenses]\nallow = [\"MIT\", \"Apache-2.0\"]\n\
                         exceptions = [{ crate = \"roots\", allow = [\"CDLA-Permissive-2.0\"] }]\n";

    fn is_refused(name: &str, licence: Option<&str>) -> bool {
        let package = Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: semver::Version::new(1, 0, 0),
            license: licence.map(str::to_owned),
            source: None,
        };
        error_of(&package, &Rules::parse(RULES).unwrap()).unwrap().is_some()
    }

    #[test]
    fn one_allowed_choice_is_enough_and_every_part_of_an_and_is_needed() {
        assert!(!is_refused("a", Some("MIT OR GPL-3.0-only")));
        assert!(!is_refused("a", Some("MIT/GPL-3.0")));
        assert!(is_refused("a", Some("MIT AND GPL-3.0-only")));
        assert!(is_refused("a", Some("GPL-3.0-only")));
        assert!(is_refused("a", None));
    }

    #[test]
    fn an_exception_holds_for_its_package_only() {
        assert!(!is_refused("roots", Some("CDLA-Permissive-2.0")));
        assert!(is_refused("others", Some("CDLA-Permissive-2.0")));
    }
}
