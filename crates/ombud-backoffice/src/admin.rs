//! How is the back office itself operated: worlds, reset, clock, who there is?

use std::str::FromStr;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::errors::Refusal;
use crate::extract::{Asked, Given};
use crate::paylater::customers::{Customer, CustomerStatus};
use crate::retail::records::RetailUser;
use crate::seed::SeedSpec;
use crate::server::App;
use crate::storage::layers;
use crate::storage::unit::Read;
use crate::world::{MAIN, World, WorldOf};

const CUSTOMERS_DEFAULT: i64 = 50;

/// A world by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorldName {
    name: String,
    seed: String,
}

impl WorldName {
    fn of(world: &World) -> Self {
        Self { name: world.name.clone(), seed: world.seed.clone() }
    }
}

/// The world to make, over the main world's seed unless another is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorld {
    name: String,
    seed: Option<String>,
}

fn parsed(seed: Option<&String>) -> Result<Option<SeedSpec>, Refusal> {
    seed.map(|seed| SeedSpec::from_str(seed)).transpose().map_err(|error| Refusal::invalid(error.to_string()))
}

/// Makes a world of its own, chosen by the header `X-World`.
#[utoipa::path(
    post, path = "/admin/worlds", tag = "admin", request_body = CreateWorld,
    responses((status = 201, body = WorldName)),
)]
pub async fn create_world(
    State(app): State<App>,
    Given(request): Given<CreateWorld>,
) -> Result<(StatusCode, Json<WorldName>), Refusal> {
    let seed = parsed(request.seed.as_ref())?;
    let world = app.worlds.create(&app.database, &request.name, seed.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(WorldName::of(&world))))
}

/// All worlds.
#[utoipa::path(get, path = "/admin/worlds", tag = "admin", responses((status = 200, body = [WorldName])))]
pub async fn worlds(State(app): State<App>) -> Json<Vec<WorldName>> {
    Json(app.worlds.list().iter().map(|world| WorldName::of(world)).collect())
}

/// Drops a world.
#[utoipa::path(
    delete, path = "/admin/worlds/{name}", tag = "admin", params(("name" = String, Path)), responses((status = 204)),
)]
pub async fn delete_world(State(app): State<App>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    app.worlds.delete(&app.database, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Back to the seed, or to another one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    seed: Option<String>,
}

/// What the world begins with again.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorldReset {
    world: String,
    seed: String,
    records: i64,
}

/// Puts the world back to its start state; faults and clock too.
#[utoipa::path(
    post, path = "/admin/reset", tag = "admin", request_body = Reset, responses((status = 200, body = WorldReset)),
)]
pub async fn reset(
    State(app): State<App>,
    WorldOf(world): WorldOf,
    Given(request): Given<Reset>,
) -> Result<Json<WorldReset>, Refusal> {
    let seed = parsed(request.seed.as_ref())?;
    let world = app.worlds.reset(&app.database, &world, seed.as_ref()).await?;
    let records = layers::count(&mut *app.database.read().await?, world.base).await?;
    Ok(Json(WorldReset { world: world.name.clone(), seed: world.seed.clone(), records }))
}

/// Where the clock shall stand; null lets it run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetClock {
    now: Option<Moment>,
}

/// The world's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorldTime {
    now: Moment,
    stands: bool,
}

/// Fixes the world's clock, or lets it run.
#[utoipa::path(
    post, path = "/admin/clock", tag = "admin", request_body = SetClock, responses((status = 200, body = WorldTime)),
)]
pub async fn set_clock(WorldOf(world): WorldOf, Given(request): Given<SetClock>) -> Json<WorldTime> {
    world.clock.set(request.now);
    clock(WorldOf(world)).await
}

/// The world's time.
#[utoipa::path(get, path = "/admin/clock", tag = "admin", responses((status = 200, body = WorldTime)))]
pub async fn clock(WorldOf(world): WorldOf) -> Json<WorldTime> {
    Json(WorldTime { now: world.clock.now(), stands: world.clock.fixed().is_some() })
}

/// How many customers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RosterQuery {
    limit: Option<i64>,
}

/// A customer, to be chosen in the demo.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterEntry {
    id: String,
    name: String,
    first_name: String,
    last_name: String,
    email: String,
    phone: Option<String>,
    postal_code: String,
    market: Option<String>,
    locale: Option<String>,
    status: Option<CustomerStatus>,
    story: Option<String>,
}

/// Who there is, story customers first; the retail shop's users when nobody else is there.
#[utoipa::path(
    get, path = "/admin/customers", tag = "admin", params(RosterQuery),
    responses((status = 200, body = [RosterEntry])),
)]
pub async fn roster(Asked(query): Asked<RosterQuery>, Read(mut unit): Read) -> Result<Json<Vec<RosterEntry>>, Refusal> {
    let limit = query.limit.unwrap_or(CUSTOMERS_DEFAULT).max(1);
    let customers: Vec<Customer> = unit.first(limit).await?;
    if customers.is_empty() {
        let users: Vec<RetailUser> = unit.first(limit).await?;
        return Ok(Json(users.into_iter().map(of_user).collect()));
    }
    Ok(Json(customers.into_iter().map(of_customer).collect()))
}

fn of_customer(customer: Customer) -> RosterEntry {
    RosterEntry {
        id: customer.id,
        name: format!("{} {}", customer.first_name, customer.last_name),
        first_name: customer.first_name,
        last_name: customer.last_name,
        email: customer.email,
        phone: Some(customer.phone),
        postal_code: customer.postal_code,
        market: Some(customer.market),
        locale: Some(customer.locale),
        status: Some(customer.status),
        story: customer.story,
    }
}

fn of_user(user: RetailUser) -> RosterEntry {
    RosterEntry {
        id: user.user_id,
        name: format!("{} {}", user.name.first_name, user.name.last_name),
        first_name: user.name.first_name,
        last_name: user.name.last_name,
        email: user.email,
        phone: None,
        postal_code: user.address.zip,
        market: None,
        locale: None,
        status: None,
        story: None,
    }
}

/// That the back office runs, what it was seeded with, and its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
    seed: String,
    now: Moment,
}

/// Whether the back office runs; needs no token.
#[utoipa::path(get, path = "/health", tag = "admin", responses((status = 200, body = Health)))]
pub async fn health(State(app): State<App>) -> Result<Json<Health>, Refusal> {
    let main = app.worlds.get(MAIN).ok_or_else(|| Refusal::NotFound { noun: "world", id: MAIN.to_owned() })?;
    Ok(Json(Health { status: "ok", seed: main.seed.clone(), now: main.clock.now() }))
}
