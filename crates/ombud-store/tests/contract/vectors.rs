//! Vectors by both methods, and what only the graph can get wrong.

use ombud_ports::VectorIndex;
use ombud_store::{GraphSettings, LiveVectors, Method};

/// Narrow, so that a few thousand vectors are already walked and not compared one by one.
const NARROW: GraphSettings = GraphSettings { links: 8, build_width: 48, search_width: 24 };

mod exact {
    use super::*;

    fn open(dimension: usize) -> Box<dyn VectorIndex> {
        Box::new(LiveVectors::new(dimension, Method::Exact))
    }

    ombud_testkit::vector_contract_tests!(open);
}

mod graph {
    use super::*;

    fn open(dimension: usize) -> Box<dyn VectorIndex> {
        Box::new(LiveVectors::new(dimension, Method::Graph(NARROW)))
    }

    ombud_testkit::vector_contract_tests!(open);
}
