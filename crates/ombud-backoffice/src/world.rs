//! Which worlds are there, and how do they begin and end?
//!
//! A world is the company at one place in time: a layer over a seed, a clock, faults. Requests name theirs with
//! `X-World`; without the header it is `main`. Worlds do not see each other, so that many simulated customers can be
//! served at once by one process.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use sqlx::SqliteConnection;

use crate::clock::{Clock, Moment, STORY_NOW};
use crate::errors::Refusal;
use crate::faults::Faults;
use crate::seed::{SeedError, SeedSpec};
use crate::server::App;
use crate::storage::database::Database;
use crate::storage::layers::{self, Layer};

/// The world of requests that name none.
pub const MAIN: &str = "main";
const HEADER: &str = "x-world";
const WORLDS_MAX: usize = 2_000;
const NAME_CHARS_MAX: usize = 60;

/// One world.
#[derive(Debug)]
pub struct World {
    pub name: String,
    pub layer: i64,
    pub base: i64,
    pub seed: String,
    pub clock: Clock,
    pub faults: Faults,
    /// Idempotency keys of requests that have not ended.
    pub in_flight: Mutex<HashSet<String>>,
}

impl World {
    fn over(name: &str, layer: &Layer, clock: Option<Moment>) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            layer: layer.id,
            base: layer.base,
            seed: layer.seed.clone(),
            clock: Clock::new(clock),
            faults: Faults::default(),
            in_flight: Mutex::new(HashSet::new()),
        })
    }

    /// True when any order and customer id of the load harness exists here.
    pub fn is_bench(&self) -> bool {
        self.seed.split('+').any(|part| part == "bench")
    }
}

/// Why a world could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The seed cannot be read or written.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The database failed.
    #[error("the database failed while a world was made")]
    Storage(#[from] sqlx::Error),
    /// The database file holds another seed than the one asked for.
    #[error("the database was seeded with `{found}`, not `{asked}`; give --db another file, or the same --seed")]
    OtherSeed { found: String, asked: String },
}

/// How the clock of new worlds behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// Stands at 2026-11-21T12:00:00Z, and the seed lies around that day.
    Fixed,
    /// Runs with the machine, and the seed lies around today.
    Real,
}

impl ClockMode {
    fn stands_at(self) -> Option<Moment> {
        match self {
            Self::Fixed => Some(STORY_NOW),
            Self::Real => None,
        }
    }

    /// The time around which a seed's dates lie.
    fn seed_now(self) -> Moment {
        match self {
            Self::Fixed => STORY_NOW,
            Self::Real => Moment::machine().start_of_hour(),
        }
    }
}

/// All worlds of the process.
pub struct Worlds {
    worlds: RwLock<BTreeMap<String, Arc<World>>>,
    seeding: tokio::sync::Mutex<HashMap<String, i64>>,
    mode: ClockMode,
}

impl Worlds {
    /// Opens the database's main world, seeding it when the database is new. Other worlds of a former process are
    /// dropped.
    ///
    /// # Errors
    /// The seed cannot be read, or the file holds another one: the operator can fix it.
    pub async fn open(database: &Database, seed: &SeedSpec, mode: ClockMode) -> Result<Self, WorldError> {
        let this =
            Self { worlds: RwLock::new(BTreeMap::new()), seeding: tokio::sync::Mutex::new(HashMap::new()), mode };
        let mut writing = database.write().await?;
        for leftover in layers::leftover_worlds(&mut writing.transaction, &layer_name(MAIN)).await? {
            layers::drop_layer(&mut writing.transaction, leftover).await?;
        }
        let layer = match layers::find(&mut writing.transaction, &layer_name(MAIN)).await? {
            Some(layer) if layer.seed == seed.to_string() => layer,
            Some(layer) => return Err(WorldError::OtherSeed { found: layer.seed, asked: seed.to_string() }),
            None => this.fresh_layer(&mut writing.transaction, MAIN, seed).await?,
        };
        writing.commit().await?;
        this.insert(World::over(MAIN, &layer, mode.stands_at()));
        Ok(this)
    }

    /// The world a request names.
    ///
    /// # Errors
    /// No world has that name: the caller can make it.
    pub fn of(&self, headers: &HeaderMap) -> Result<Arc<World>, Refusal> {
        let name = match headers.get(HEADER) {
            Some(value) => value.to_str().map_err(|_| Refusal::invalid("`X-World` is plain text"))?,
            None => MAIN,
        };
        self.get(name).ok_or_else(|| Refusal::NotFound { noun: "world", id: name.to_owned() })
    }

    /// The world with this name.
    pub fn get(&self, name: &str) -> Option<Arc<World>> {
        self.worlds.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All worlds by name.
    pub fn list(&self) -> Vec<Arc<World>> {
        self.worlds.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Makes a world over a seed, the main world's unless another is given.
    ///
    /// # Errors
    /// The name is taken or unfit, or the seed cannot be read.
    pub async fn create(
        &self,
        database: &Database,
        name: &str,
        seed: Option<&SeedSpec>,
    ) -> Result<Arc<World>, Refusal> {
        check_name(name)?;
        let main = self.get(MAIN).ok_or_else(|| Refusal::NotFound { noun: "world", id: MAIN.to_owned() })?;
        if self.get(name).is_some() {
            return Err(Refusal::rule(
                "world_exists",
                format!("world `{name}` exists; delete it or take another name"),
            ));
        }
        if self.list().len() >= WORLDS_MAX {
            return Err(Refusal::rule("too_many_worlds", format!("there are {WORLDS_MAX} worlds; delete some first")));
        }
        let mut writing = database.write().await?;
        let layer = match seed {
            Some(seed) => self.fresh_layer(&mut writing.transaction, name, seed).await.map_err(refused)?,
            None => layers::create(&mut writing.transaction, &layer_name(name), main.base, &main.seed).await?,
        };
        writing.commit().await?;
        let world = World::over(name, &layer, main.clock.fixed());
        self.insert(Arc::clone(&world));
        Ok(world)
    }

    /// Drops a world and all it changed.
    ///
    /// # Errors
    /// The world does not exist, or it is the main one.
    pub async fn delete(&self, database: &Database, name: &str) -> Result<(), Refusal> {
        if name == MAIN {
            return Err(Refusal::rule("main_world", "the main world cannot be deleted; POST /admin/reset empties it"));
        }
        let world = self.worlds.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let world = world.ok_or_else(|| Refusal::NotFound { noun: "world", id: name.to_owned() })?;
        let mut writing = database.write().await?;
        layers::drop_layer(&mut writing.transaction, world.layer).await?;
        writing.commit().await?;
        Ok(())
    }

    /// Puts a world back to its seed, or to another. Writes still in flight end in the layer that is gone and change
    /// nothing.
    ///
    /// # Errors
    /// The seed cannot be read.
    pub async fn reset(
        &self,
        database: &Database,
        world: &World,
        seed: Option<&SeedSpec>,
    ) -> Result<Arc<World>, Refusal> {
        let mut writing = database.write().await?;
        layers::drop_layer(&mut writing.transaction, world.layer).await?;
        let layer = match seed {
            Some(seed) => self.fresh_layer(&mut writing.transaction, &world.name, seed).await.map_err(refused)?,
            None => layers::create(&mut writing.transaction, &layer_name(&world.name), world.base, &world.seed).await?,
        };
        writing.commit().await?;
        let fresh = World::over(&world.name, &layer, self.mode.stands_at());
        self.insert(Arc::clone(&fresh));
        Ok(fresh)
    }

    fn insert(&self, world: Arc<World>) {
        self.worlds.write().unwrap_or_else(PoisonError::into_inner).insert(world.name.clone(), world);
    }

    /// An empty layer over a seed; the seed is written now if this process has not written it.
    async fn fresh_layer(
        &self,
        connection: &mut SqliteConnection,
        world: &str,
        seed: &SeedSpec,
    ) -> Result<Layer, WorldError> {
        let name = seed.to_string();
        let mut seeded = self.seeding.lock().await;
        let base = match seeded.get(&name) {
            Some(base) => *base,
            None => {
                let now = self.mode.seed_now();
                let records = seed.records(now).map_err(WorldError::Seed)?;
                let layer =
                    layers::create(connection, &format!("seed:{name}@{now}#{}", seeded.len()), 0, &name).await?;
                layers::fill(connection, layer.id, &records).await?;
                layer.id
            }
        };
        let layer = layers::create(connection, &layer_name(world), base, &name).await?;
        seeded.insert(name, base);
        Ok(layer)
    }
}

fn refused(error: WorldError) -> Refusal {
    match error {
        WorldError::Storage(source) => Refusal::Storage(source),
        other => Refusal::invalid(other.to_string()),
    }
}

fn layer_name(world: &str) -> String {
    format!("world:{world}")
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(fits) {
        return Err(Refusal::invalid(format!(
            "a world's name has 1 to {NAME_CHARS_MAX} letters, digits, `-`, `_`, `.` or `:`"
        )));
    }
    Ok(())
}

/// The world of the request.
pub struct WorldOf(pub Arc<World>);

impl FromRequestParts<App> for WorldOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        app.worlds.of(&parts.headers).map(Self)
    }
}
