//! What must every index of vectors do? [`vector_contract_tests!`](crate::vector_contract_tests) makes a test of each fact.

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::TenantId;
use ombud_ports::{Neighbour, VectorAttributes, VectorError, VectorFilter, VectorId, VectorIndex, VectorSearch};
use ombud_retrieval::{Audience, Day};

/// Makes an empty index for vectors of so many numbers.
pub type OpenIndex<'a> = &'a dyn Fn(usize) -> Box<dyn VectorIndex>;

/// How far a cosine may be from that of the numbers as they were written: they may be rounded to 8 bits.
const ROUNDING: f32 = 0.02;
/// Of what comparing everything finds, how much has to be found.
const RECALL_MIN: f64 = 0.95;
/// Numbers of a vector of the random worlds.
const DIMENSION: usize = 16;

/// Makes a test of every function of the contract. The argument is a function from a dimension to an empty index.
#[macro_export]
macro_rules! vector_contract_tests {
    ($open:path) => {
        $crate::vector_contract_tests!(@each $open;
            the_nearest_come_first,
            a_vector_is_replaced_by_its_id_and_gone_when_it_is_deleted,
            what_has_no_direction_or_another_dimension_is_refused_and_changes_nothing,
            canaries_are_never_found_though_they_fit_best,
            no_search_gives_what_its_filter_forbids,
            what_lies_far_from_the_question_is_found_where_only_that_is_admitted,
            random_changes_come_out_as_in_the_reference,
            an_index_that_has_lost_most_of_its_vectors_goes_on,
            a_snapshot_stays_as_it_was,
            searches_go_on_while_vectors_change,
        );
    };
    (@each $open:path; $($fact:ident),+ $(,)?) => {
        $(
            #[test]
            fn $fact() {
                $crate::contract::vectors::$fact(&$open);
            }
        )+
    };
}

/// A small source of numbers that are the same in every run (SplitMix64, Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn of<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }

    /// Around one of a few directions, as texts are about one of a few topics.
    fn vector(&mut self) -> Vec<f32> {
        let topic = self.next() % 40;
        let mut of_topic = Dice(topic);
        (0..DIMENSION).map(|_| of_topic.number() + 0.4 * self.number()).collect()
    }

    /// -1 to 1.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn attributes() -> VectorAttributes {
    VectorAttributes {
        tenant: TenantId("us".to_owned()),
        markets: vec!["SE".to_owned(), "NO".to_owned()],
        except: Vec::new(),
        language: "en".to_owned(),
        audience: Audience::Customer,
        valid_from: day("2026-01-01"),
        valid_to: day("2026-12-31"),
    }
}

fn filter() -> VectorFilter {
    VectorFilter {
        tenant: TenantId("us".to_owned()),
        market: "SE".to_owned(),
        language: "en".to_owned(),
        audience: Audience::Customer,
        today: day("2026-06-15"),
    }
}

fn ids(found: &[Neighbour]) -> Vec<VectorId> {
    found.iter().map(|neighbour| neighbour.id).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

/// Order by the angle, whatever the length.
pub fn the_nearest_come_first(open: OpenIndex<'_>) {
    let index = open(2);
    for (id, vector) in [(7, [0.0, 2.0]), (u64::MAX, [1.0, 0.1]), (3, [5.0, 5.0]), (1, [-1.0, 0.0])] {
        index.upsert(id, &vector, &attributes()).unwrap();
    }
    let found = index.search(&[0.5, 0.0], &filter(), 3).unwrap();
    assert_eq!(ids(&found), [u64::MAX, 3, 7]);
    for (neighbour, expected) in found.iter().zip([0.995, 0.707, 0.0]) {
        assert!((neighbour.cosine - expected).abs() < ROUNDING, "{neighbour:?}");
    }
    assert_eq!(ids(&index.search(&[0.5, 0.0], &filter(), 1_000_000).unwrap()), [u64::MAX, 3, 7, 1]);
    assert_eq!(index.search(&[0.5, 0.0], &filter(), 0).unwrap(), []);
    assert_eq!((index.len(), index.dimension(), index.is_empty()), (4, 2, false));
    assert!(open(2).search(&[1.0, 0.0], &filter(), 5).unwrap().is_empty());
}

/// Its vector and its attributes both.
pub fn a_vector_is_replaced_by_its_id_and_gone_when_it_is_deleted(open: OpenIndex<'_>) {
    let index = open(2);
    index.upsert(1, &[1.0, 0.0], &attributes()).unwrap();
    index.upsert(2, &[0.0, 1.0], &attributes()).unwrap();
    index.upsert(1, &[-1.0, 0.0], &attributes()).unwrap();
    assert_eq!((index.len(), ids(&index.search(&[1.0, 0.0], &filter(), 9).unwrap())), (2, vec![2, 1]));
    index.upsert(2, &[0.0, 1.0], &VectorAttributes { language: "sv".to_owned(), ..attributes() }).unwrap();
    assert_eq!(ids(&index.search(&[1.0, 0.0], &filter(), 9).unwrap()), [1]);
    let swedish = VectorFilter { language: "sv".to_owned(), ..filter() };
    assert_eq!(ids(&index.search(&[1.0, 0.0], &swedish, 9).unwrap()), [2]);
    assert!(index.delete(1).unwrap());
    assert!(!index.delete(1).unwrap() && !index.delete(99).unwrap());
    assert_eq!((index.len(), index.search(&[1.0, 0.0], &filter(), 9).unwrap().len()), (1, 0));
    index.upsert(1, &[1.0, 0.0], &attributes()).unwrap();
    assert_eq!(ids(&index.search(&[1.0, 0.0], &filter(), 9).unwrap()), [1]);
}

/// Nor is one searched for.
pub fn what_has_no_direction_or_another_dimension_is_refused_and_changes_nothing(open: OpenIndex<'_>) {
    let index = open(3);
    index.upsert(1, &[1.0, 0.0, 0.0], &attributes()).unwrap();
    for wrong in [[0.0; 3], [f32::NAN, 1.0, 1.0], [f32::INFINITY, 1.0, 1.0], [1.0, f32::NEG_INFINITY, 0.0]] {
        assert!(matches!(index.upsert(1, &wrong, &attributes()), Err(VectorError::NoDirection)), "{wrong:?}");
        assert!(matches!(index.search(&wrong, &filter(), 1), Err(VectorError::NoDirection)), "{wrong:?}");
    }
    for wrong in [&[][..], &[1.0; 2], &[1.0; 4]] {
        let refused = |error: Option<VectorError>| match error {
            Some(VectorError::Dimension { expected, found }) => (expected, found),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(index.upsert(1, wrong, &attributes()).err()), (3, wrong.len()));
        assert_eq!(refused(index.search(wrong, &filter(), 1).err()), (3, wrong.len()));
    }
    assert_eq!((index.len(), ids(&index.search(&[1.0, 0.0, 0.0], &filter(), 9).unwrap())), (1, vec![1]));
}

/// 600 vectors that are exactly what is asked for, each forbidden in one way; the one that may be shown lies opposite (R30).
pub fn canaries_are_never_found_though_they_fit_best(open: OpenIndex<'_>) {
    let index = open(DIMENSION);
    let asked = Dice(1).vector();
    let forbidden = [
        VectorAttributes { tenant: TenantId("them".to_owned()), ..attributes() },
        VectorAttributes { markets: vec!["DE".to_owned()], ..attributes() },
        VectorAttributes { except: vec!["se".to_owned()], markets: Vec::new(), ..attributes() },
        VectorAttributes { language: "sv".to_owned(), ..attributes() },
        VectorAttributes { audience: Audience::Agent, ..attributes() },
        VectorAttributes { valid_from: day("2026-06-16"), ..attributes() },
        VectorAttributes { valid_to: day("2026-06-14"), ..attributes() },
    ];
    for (id, attributes) in (0..600).zip(forbidden.iter().cycle()) {
        index.upsert(id, &asked, attributes).unwrap();
    }
    assert!(index.search(&asked, &filter(), 10).unwrap().is_empty());
    let opposite: Vec<f32> = asked.iter().map(|number| -number).collect();
    let at_the_bounds = VectorAttributes { valid_from: day("2026-06-15"), valid_to: day("2026-06-15"), ..attributes() };
    index.upsert(1_000, &opposite, &at_the_bounds).unwrap();
    for k in [1, 10, 1_000] {
        assert_eq!(ids(&index.search(&asked, &filter(), k).unwrap()), [1_000]);
    }
    let agent = VectorFilter { audience: Audience::Agent, ..filter() };
    assert!(index.search(&asked, &agent, 1_000).unwrap().iter().all(|one| one.id == 1_000 || one.id % 7 == 4));
}

/// What stands in an index, plainly.
#[derive(Default)]
struct Reference(BTreeMap<VectorId, (Vec<f32>, VectorAttributes)>);

impl Reference {
    fn nearest(&self, vector: &[f32], filter: &VectorFilter, k: usize) -> Vec<VectorId> {
        let admitted = self.0.iter().filter(|(_, (_, attributes))| filter.admits(attributes));
        let mut near: Vec<(f32, VectorId)> = admitted.map(|(id, (own, _))| (-cosine(own, vector), *id)).collect();
        near.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        near.into_iter().take(k).map(|(_, id)| id).collect()
    }

    /// Checks what must hold of every answer, and says how many of the nearest were found, of how many.
    fn check(&self, index: &dyn VectorSearch, vector: &[f32], filter: &VectorFilter, k: usize) -> (usize, usize) {
        let found = index.search(vector, filter, k).unwrap();
        let expected = self.nearest(vector, filter, k);
        let different: BTreeSet<VectorId> = ids(&found).into_iter().collect();
        assert_eq!((different.len(), found.len()), (found.len(), expected.len()), "{filter:?}, {k}");
        assert!(found.is_sorted_by(|one, other| one.cosine >= other.cosine), "{found:?}");
        for neighbour in &found {
            let (own, attributes) = self.0.get(&neighbour.id).unwrap();
            assert!(filter.admits(attributes), "{filter:?} forbids {attributes:?}");
            assert!((neighbour.cosine - cosine(own, vector)).abs() < ROUNDING, "{neighbour:?}");
        }
        (expected.iter().filter(|id| different.contains(id)).count(), expected.len())
    }
}

const TENANTS: [&str; 3] = ["us", "them", "others"];
const MARKETS: [&str; 4] = ["SE", "NO", "DE", "GB"];
const LANGUAGES: [&str; 2] = ["en", "sv"];
const DAYS: [&str; 4] = ["2026-01-01", "2026-06-15", "2026-06-16", "2026-12-31"];

/// `spread` says of how many companies and languages they are.
fn random_attributes(dice: &mut Dice, spread: usize) -> VectorAttributes {
    let some = |dice: &mut Dice, most: usize| (0..dice.below(most)).map(|_| dice.of(&MARKETS).to_owned()).collect();
    let (one, other) = (day(dice.of(&DAYS)), day(dice.of(&DAYS)));
    VectorAttributes {
        tenant: TenantId(TENANTS[dice.below(spread)].to_owned()),
        markets: some(dice, 3),
        except: some(dice, 2),
        language: LANGUAGES[dice.below(spread.min(2))].to_owned(),
        audience: if dice.below(4) == 0 { Audience::Agent } else { Audience::Customer },
        valid_from: one.min(other),
        valid_to: if dice.below(3) == 0 { one.max(other) } else { Day::LAST },
    }
}

fn random_filter(dice: &mut Dice, spread: usize) -> VectorFilter {
    VectorFilter {
        tenant: TenantId(TENANTS[dice.below(spread)].to_owned()),
        market: dice.of(&MARKETS).to_lowercase(),
        language: LANGUAGES[dice.below(spread.min(2))].to_owned(),
        audience: if dice.below(2) == 0 { Audience::Agent } else { Audience::Customer },
        today: day(dice.of(&DAYS)),
    }
}

/// A property over random rights: of 3,000 vectors, those that a random filter admits and no other, as near as they are, almost all of the nearest. With
/// one company and language the filters leave most, with three and two hardly any.
pub fn no_search_gives_what_its_filter_forbids(open: OpenIndex<'_>) {
    let (mut found, mut expected) = (0, 0);
    for spread in [1, 3] {
        let mut dice = Dice(spread as u64);
        let (index, mut reference) = (open(DIMENSION), Reference::default());
        for id in 0..3_000 {
            let (vector, attributes) = (dice.vector(), random_attributes(&mut dice, spread));
            index.upsert(id, &vector, &attributes).unwrap();
            reference.0.insert(id, (vector, attributes));
        }
        for _ in 0..200 {
            let (asked, filter, k) = (dice.vector(), random_filter(&mut dice, spread), 1 + dice.below(20));
            let (hits, of) = reference.check(&*index, &asked, &filter, k);
            found += hits;
            expected += of;
        }
    }
    let recall = found as f64 / expected as f64;
    assert!(recall >= RECALL_MIN, "recall {recall}");
}

/// The nearest thousand are another company's.
pub fn what_lies_far_from_the_question_is_found_where_only_that_is_admitted(open: OpenIndex<'_>) {
    let (index, mut dice) = (open(DIMENSION), Dice(5));
    let mut reference = Reference::default();
    let direction = |dice: &mut Dice, sign: f32| {
        (0..DIMENSION).map(|place| if place == 0 { sign } else { 0.3 * dice.number() }).collect::<Vec<f32>>()
    };
    for id in 0..3_000 {
        let (tenant, sign) = if id % 3 > 0 { ("us", -1.0) } else { ("them", 1.0) };
        let (vector, tenant) = (direction(&mut dice, sign), TenantId(tenant.to_owned()));
        let attributes = VectorAttributes { tenant, ..attributes() };
        index.upsert(id, &vector, &attributes).unwrap();
        reference.0.insert(id, (vector, attributes));
    }
    let (mut found, mut expected) = (0, 0);
    for _ in 0..50 {
        let (hits, of) = reference.check(&*index, &direction(&mut dice, 1.0), &filter(), 10);
        found += hits;
        expected += of;
    }
    assert!(found as f64 / expected as f64 >= RECALL_MIN, "{found} of {expected}");
}

/// 4,000 upserts, replacements and deletes in random order, with searches between them.
pub fn random_changes_come_out_as_in_the_reference(open: OpenIndex<'_>) {
    let (index, mut dice, mut reference) = (open(DIMENSION), Dice(11), Reference::default());
    let (mut found, mut expected) = (0, 0);
    for step in 0..4_000 {
        let id = dice.next() % 1_200;
        if dice.below(3) == 0 {
            assert_eq!(index.delete(id).unwrap(), reference.0.remove(&id).is_some());
        } else {
            let (vector, attributes) = (dice.vector(), random_attributes(&mut dice, 1));
            index.upsert(id, &vector, &attributes).unwrap();
            reference.0.insert(id, (vector, attributes));
        }
        assert_eq!(index.len(), reference.0.len());
        if step % 10 == 0 {
            let (hits, of) = reference.check(&*index, &dice.vector(), &random_filter(&mut dice, 1), 10);
            found += hits;
            expected += of;
        }
    }
    let recall = found as f64 / expected as f64;
    assert!(recall >= RECALL_MIN, "recall {recall}");
}

/// 2,500 of 3,000 are deleted.
pub fn an_index_that_has_lost_most_of_its_vectors_goes_on(open: OpenIndex<'_>) {
    let (index, mut dice, mut reference) = (open(DIMENSION), Dice(13), Reference::default());
    for id in 0..3_000 {
        let vector = dice.vector();
        index.upsert(id, &vector, &attributes()).unwrap();
        reference.0.insert(id, (vector, attributes()));
    }
    for id in 0..2_500 {
        assert!(index.delete(id).unwrap());
        reference.0.remove(&id);
    }
    index.upsert(7, &dice.vector(), &attributes()).unwrap();
    assert!(index.delete(7).unwrap());
    assert_eq!(index.len(), 500);
    for _ in 0..20 {
        let (hits, of) = reference.check(&*index, &dice.vector(), &filter(), 10);
        assert!(hits + 1 >= of, "{hits} of {of}");
    }
}

/// Nothing that is written or deleted afterwards changes it.
pub fn a_snapshot_stays_as_it_was(open: OpenIndex<'_>) {
    let index = open(2);
    index.upsert(1, &[1.0, 0.0], &attributes()).unwrap();
    index.upsert(2, &[0.9, 0.1], &attributes()).unwrap();
    let snapshot = index.snapshot().unwrap();
    index.upsert(3, &[1.0, 0.0], &attributes()).unwrap();
    index.upsert(2, &[-1.0, 0.0], &attributes()).unwrap();
    index.delete(1).unwrap();
    assert_eq!(ids(&snapshot.search(&[1.0, 0.0], &filter(), 9).unwrap()), [1, 2]);
    assert_eq!((snapshot.len(), snapshot.dimension()), (2, 2));
    assert_eq!(ids(&index.search(&[1.0, 0.0], &filter(), 9).unwrap()), [3, 2]);
}

/// Four threads search while one writes and deletes: every answer is one that may be given.
pub fn searches_go_on_while_vectors_change(open: OpenIndex<'_>) {
    let index = open(DIMENSION);
    let canary = VectorAttributes { tenant: TenantId("them".to_owned()), ..attributes() };
    let (shown, of) = (attributes(), |id: u64| Dice(id).vector());
    let write = |id: u64| index.upsert(id, &of(id), if id.is_multiple_of(2) { &canary } else { &shown }).unwrap();
    (0..500).for_each(write);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let index = &index;
            scope.spawn(move || {
                for search in 0..200 {
                    let found = index.search(&Dice(thread * 1_000 + search).vector(), &filter(), 10).unwrap();
                    assert_eq!(found.len(), 10);
                    assert!(found.iter().all(|neighbour| neighbour.id % 2 == 1), "{found:?}");
                }
            });
        }
        for id in 500..1_000 {
            write(id);
            index.delete(id - 250).unwrap();
        }
    });
    assert_eq!(index.len(), 500);
}
