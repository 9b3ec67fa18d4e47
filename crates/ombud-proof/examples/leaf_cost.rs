//! What does a leaf cost? Salted hash, leaf and tree of events with payloads of 300 bytes, on one thread.
//!
//! `cargo run --release -p ombud-proof --example leaf_cost`

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use ombud_proof::{EventLeaf, Tiles, commitment};

const LEAVES: u32 = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let payload = vec![b'x'; 300];
    let mut out = std::io::stdout().lock();
    for _ in 0..3 {
        let (mut tiles, mut grown) = (Tiles::default(), BTreeSet::new());
        let begun = Instant::now();
        for number in 0..LEAVES {
            let leaf = EventLeaf {
                tenant: "bench",
                position: i64::from(number),
                stream_kind: "conversation",
                stream_id: "01a21e0e-d03f-7002-a180-dae6c87cb117",
                version: 7,
                kind: "turn.decision",
                at_us: 1_781_524_800_000_000,
                commitment: commitment(&u128::from(number).to_be_bytes(), &payload),
            };
            tiles.push(u64::from(number), leaf.hash(), &mut grown)?;
        }
        let micros = begun.elapsed().as_secs_f64() * 1e6 / f64::from(LEAVES);
        writeln!(out, "{LEAVES} leaves: {micros:.2} us each")?;
    }
    Ok(())
}
