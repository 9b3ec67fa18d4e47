//! What does a world begin with?
//!
//! `tau2:PATH` (or `file:PATH`) is the retail shop of the public benchmark, `generated:N,SEED` the pay-later company with N customers
//! after the story customers, `stories` those alone, `bench` the load harness's world. Several are joined with `+`.

pub mod bench;
mod build;
mod build_aftermath;
mod build_order;
mod build_plan;
pub mod catalogue;
pub mod generated;
pub mod people;
pub mod spec;
pub mod stories;
pub mod tau2;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::clock::Moment;
use crate::storage::record::Written;

/// Order numbers have six digits and six places per customer, from 200,000.
const CUSTOMERS_MAX: u32 = 100_000;

/// Why a seed could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The text is not a seed.
    #[error("`{text}` is not a seed; write tau2:PATH_TO_db.json, generated:CUSTOMERS,SEED, stories or bench")]
    Unknown { text: String },
    /// The file cannot be read.
    #[error("cannot read `{path}`; give the path of the benchmark's db.json")]
    Read { path: String, source: std::io::Error },
    /// The file does not hold the benchmark's records.
    #[error("`{path}` is not the benchmark's db.json: {source}")]
    Shape { path: String, source: serde_json::Error },
    /// The built-in stories contradict the catalogue: our bug.
    #[error("the built-in story of customer {number} is wrong: {problem}")]
    Story { number: u32, problem: String },
    /// A record could not be written down: our bug.
    #[error("a seeded record cannot be written")]
    Write(#[from] serde_json::Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Tau2(PathBuf),
    Generated { customers: u32, seed: u64 },
    Stories,
    Bench,
}

/// What a world begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedSpec {
    parts: Vec<Part>,
}

impl SeedSpec {
    /// Several seeds as one.
    pub fn joined(specs: &[Self]) -> Self {
        Self { parts: specs.iter().flat_map(|spec| spec.parts.clone()).collect() }
    }

    /// The records, with dates around `now`. The same seed and `now` give the same records.
    ///
    /// # Errors
    /// A file cannot be read: the operator can fix it.
    pub fn records(&self, now: Moment) -> Result<Vec<Written>, SeedError> {
        let mut records = Vec::new();
        for part in &self.parts {
            match part {
                Part::Tau2(path) => tau2::records(path, &mut records)?,
                Part::Generated { customers, seed } => {
                    catalogue::records(&mut records)?;
                    stories::records(now, &mut records)?;
                    generated::records(*customers, *seed, now, &mut records)?;
                }
                Part::Stories => {
                    catalogue::records(&mut records)?;
                    stories::records(now, &mut records)?;
                }
                Part::Bench => {}
            }
        }
        Ok(records)
    }
}

impl FromStr for SeedSpec {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split('+').map(part).collect::<Result<_, _>>()?;
        Ok(Self { parts })
    }
}

fn part(text: &str) -> Result<Part, SeedError> {
    let unknown = || SeedError::Unknown { text: text.to_owned() };
    match text.split_once(':') {
        Some(("tau2" | "file", path)) if !path.is_empty() => Ok(Part::Tau2(PathBuf::from(path))),
        Some(("generated", numbers)) => {
            let (customers, seed) = numbers.split_once(',').unwrap_or((numbers, "1"));
            let customers: u32 = customers.trim().parse().map_err(|_| unknown())?;
            let seed = seed.trim().parse().map_err(|_| unknown())?;
            if customers > CUSTOMERS_MAX {
                return Err(unknown());
            }
            Ok(Part::Generated { customers, seed })
        }
        None if text == "stories" => Ok(Part::Stories),
        None if text == "bench" => Ok(Part::Bench),
        _ => Err(unknown()),
    }
}

impl fmt::Display for SeedSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts.iter().enumerate() {
            if position > 0 {
                f.write_str("+")?;
            }
            match part {
                Part::Tau2(path) => write!(f, "tau2:{}", path.display())?,
                Part::Generated { customers, seed } => write!(f, "generated:{customers},{seed}")?,
                Part::Stories => f.write_str("stories")?,
                Part::Bench => f.write_str("bench")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_written_as_it_is_read() {
        for text in ["generated:200,7", "stories", "bench", "tau2:/data/db.json+generated:5,1"] {
            assert_eq!(text.parse::<SeedSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_file_is_the_benchmarks() {
        assert_eq!("file:/data/db.json".parse::<SeedSpec>().unwrap().to_string(), "tau2:/data/db.json");
    }

    #[test]
    fn what_is_not_a_seed_is_refused_with_the_choices() {
        for text in ["", "generated:x,1", "tau2:", "generated:999999999,1", "tau3:x"] {
            let error = text.parse::<SeedSpec>().unwrap_err().to_string();
            assert!(error.contains("generated:CUSTOMERS,SEED"), "{error}");
        }
    }
}
