//! Which customers have a story?
//!
//! Some forty, written by hand, with fixed ids from C-100001: the demo and the scenario tests play them.

use super::SeedError;
use super::build::build;
use super::spec::PersonSpec;
use crate::clock::Moment;
use crate::storage::record::Written;

const STORIES: &str = include_str!("../../data/stories.json");

/// The story customers as described.
///
/// # Errors
/// The built-in file is broken, which would be our bug.
pub fn specs() -> Result<Vec<PersonSpec>, SeedError> {
    serde_json::from_str(STORIES).map_err(|source| SeedError::Shape { path: "data/stories.json".to_owned(), source })
}

/// Writes the story customers down.
pub fn records(now: Moment, into: &mut Vec<Written>) -> Result<(), SeedError> {
    for spec in specs()? {
        build(&spec, now, into)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::STORY_NOW;

    #[test]
    fn the_stories_have_ids_in_a_row_and_become_records() {
        let specs = specs().unwrap();
        let numbers: Vec<u32> = specs.iter().map(|spec| spec.number).collect();
        assert_eq!(numbers, (100_001..=100_041).collect::<Vec<_>>());
        assert!(specs.iter().all(|spec| spec.story.is_some()));
        let mut records = Vec::new();
        super::records(STORY_NOW, &mut records).unwrap();
        assert!(records.len() > 300, "{}", records.len());
    }
}
