//! Where does the state live?
//!
//! One SQLite database; every world is a thin layer over a seed. `database` opens it, `layers` makes and drops worlds,
//! `unit` is one piece of work that sees one world.

pub mod database;
pub mod layers;
pub mod record;
pub mod unit;
