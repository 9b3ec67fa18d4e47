//! Can every change of the database be taken back? Migrations come in pairs, numbered without gaps.

use std::collections::BTreeMap;

use super::{Breach, Repository};

/// The demo's back office is seeded anew, never migrated.
const SEEDED_ANEW: &str = "crates/ombud-backoffice/";
const UP: &str = ".up.sql";
const DOWN: &str = ".down.sql";

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    Ok(breaches_of(&repository.files))
}

fn breaches_of(files: &[String]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for path in files {
        let Some((folder, name)) = path.rsplit_once('/') else {
            continue;
        };
        if path.starts_with(SEEDED_ANEW) {
            continue;
        }
        if !(folder.ends_with("/migrations") || folder.contains("/migrations/")) || !name.ends_with(".sql") {
            continue;
        }
        let other = match (path.strip_suffix(UP), path.strip_suffix(DOWN)) {
            (Some(stem), _) => format!("{stem}{DOWN}"),
            (_, Some(stem)) => format!("{stem}{UP}"),
            _ => {
                breaches.push(Breach::new(path, 0, "call it `NNNN_what.up.sql` or `NNNN_what.down.sql`"));
                continue;
            }
        };
        if !files.contains(&other) {
            breaches.push(Breach::new(path, 0, format!("has no counterpart `{other}`")));
        }
        let number = name.split('_').next().and_then(|digits| digits.parse().ok());
        match number {
            Some(number) if name.ends_with(UP) => numbers.entry(folder).or_default().push(number),
            Some(_) => {}
            None => breaches.push(Breach::new(path, 0, "does not begin with its number")),
        }
    }
    for (folder, mut found) in numbers {
        found.sort_unstable();
        if !found.iter().copied().eq((1..).take(found.len())) {
            breaches.push(Breach::new(folder, 0, format!("migrations are numbered {found:?}: no gaps, no repeats")));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(names: &[&str]) -> usize {
        let files: Vec<String> = names.iter().map(|name| format!("crates/ombud-store/migrations/{name}")).collect();
        breaches_of(&files).len()
    }

    #[test]
    fn pairs_without_gaps_are_fine() {
        assert_eq!(breaches(&["0001_ledger.up.sql", "0001_ledger.down.sql", "0002_b.up.sql", "0002_b.down.sql"]), 0);
    }

    #[test]
    fn a_missing_half_is_found() {
        assert_eq!(breaches(&["0001_ledger.up.sql"]), 1);
        assert_eq!(breaches(&["0001_ledger.up.sql", "0001_ledger.down.sql", "0002_b.down.sql"]), 1);
    }

    #[test]
    fn gaps_repeats_and_loose_names_are_found() {
        assert_eq!(breaches(&["0002_b.up.sql", "0002_b.down.sql"]), 1);
        assert_eq!(breaches(&["0001_a.up.sql", "0001_a.down.sql", "0001_b.up.sql", "0001_b.down.sql"]), 1);
        assert_eq!(breaches(&["ledger.sql"]), 1);
        assert_eq!(breaches(&["ledger.up.sql", "ledger.down.sql"]), 2);
    }
}
