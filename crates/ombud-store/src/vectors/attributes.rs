//! Which vectors may be shown? Vectors share few sets of attributes; a filter is asked once for each set, not for each vector.

use std::collections::HashMap;

use ombud_domain::TenantId;
use ombud_ports::{VectorAttributes, VectorFilter};
use ombud_retrieval::{Audience, Day};
use serde::{Deserialize, Serialize};

/// The set of a vector that is gone: no filter ever admits it.
pub(super) const GONE: u32 = u32::MAX;

/// All sets, with how many vectors have each.
#[derive(Debug, Clone, Default)]
pub(super) struct AttributeSets {
    sets: Vec<(VectorAttributes, usize)>,
    numbers: HashMap<VectorAttributes, u32>,
}

/// What a filter admits.
#[derive(Debug)]
pub(super) struct Admitted {
    sets: Vec<bool>,
    /// Vectors.
    pub count: usize,
}

/// A set as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredSet {
    tenant: String,
    markets: Vec<String>,
    except: Vec<String>,
    language: String,
    audience: Audience,
    valid_from: Day,
    valid_to: Day,
    vectors: usize,
}

impl AttributeSets {
    /// The number of a set, which one vector more has from then on.
    pub(super) fn take(&mut self, attributes: &VectorAttributes) -> u32 {
        let number = match self.numbers.get(attributes) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.sets.len()).unwrap_or(GONE);
                self.sets.push((attributes.clone(), 0));
                self.numbers.insert(attributes.clone(), number);
                number
            }
        };
        if let Some((_, vectors)) = self.sets.get_mut(number as usize) {
            *vectors += 1;
        }
        number
    }

    /// One vector less has a set.
    pub(super) fn give_back(&mut self, number: u32) {
        if let Some((_, vectors)) = self.sets.get_mut(number as usize) {
            *vectors = vectors.saturating_sub(1);
        }
    }

    pub(super) fn get(&self, number: u32) -> Option<&VectorAttributes> {
        self.sets.get(number as usize).map(|(attributes, _)| attributes)
    }

    /// Vectors of all sets.
    pub(super) fn vectors(&self) -> usize {
        self.sets.iter().map(|(_, vectors)| vectors).sum()
    }

    pub(super) fn admitted(&self, filter: &VectorFilter) -> Admitted {
        let sets: Vec<bool> = self.sets.iter().map(|(attributes, _)| filter.admits(attributes)).collect();
        let count = self.sets.iter().zip(&sets).filter(|(_, admitted)| **admitted).map(|((_, vectors), _)| vectors);
        Admitted { count: count.sum(), sets }
    }

    pub(super) fn stored(&self) -> Vec<StoredSet> {
        let stored = |(attributes, vectors): &(VectorAttributes, usize)| {
            let VectorAttributes { tenant, markets, except, language, audience, valid_from, valid_to } =
                attributes.clone();
            let vectors = *vectors;
            StoredSet { tenant: tenant.0, markets, except, language, audience, valid_from, valid_to, vectors }
        };
        self.sets.iter().map(stored).collect()
    }

    pub(super) fn read(stored: Vec<StoredSet>) -> Self {
        let mut all = Self::default();
        for (number, set) in (0..).zip(stored) {
            let StoredSet { tenant, markets, except, language, audience, valid_from, valid_to, vectors } = set;
            let tenant = TenantId(tenant);
            let attributes = VectorAttributes { tenant, markets, except, language, audience, valid_from, valid_to };
            all.numbers.insert(attributes.clone(), number);
            all.sets.push((attributes, vectors));
        }
        all
    }
}

impl Admitted {
    /// Whether a vector of this set may be shown.
    #[inline]
    pub(super) fn admits(&self, set: Option<u32>) -> bool {
        set.and_then(|set| self.sets.get(set as usize)).copied().unwrap_or(false)
    }
}
