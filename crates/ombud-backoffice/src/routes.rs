//! Which paths are there?

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Uri;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::errors::Refusal;
use crate::paylater::{
    cancellations, challenges, credentials, customers, disputes, exchanges, extensions, instruments, invoices, notes,
    order_views, overview, payment_refunds, payments, plans, price_differences, products, refunds, returns, tickets,
    transactions,
};
use crate::retail::{
    addresses, changes_of_items, orders, products as retail_products, returns as retail_returns, users,
};
use crate::server::App;
use crate::{admin, changes, export, faults, outbox, receipts};

const BODY_BYTES_MAX: usize = 256 * 1024;

#[derive(OpenApi)]
#[openapi(info(
    title = "Back office of Nimbus Pay",
    description = "The company's own systems, as a stand-in: customers, orders, plans, payments, refunds, returns, disputes, \
                   and the retail shop of the public benchmark. Header `Idempotency-Key` on every POST and PATCH outside \
                   /admin makes a repeated request have one effect; header `X-World` chooses a world made by /admin/worlds."
))]
struct Described;

/// The description of all paths, as OpenAPI.
pub fn document() -> Document {
    described().into_openapi()
}

/// All paths, behind the token and the faults.
pub fn router(app: App) -> Router {
    let (router, document) = described().split_for_parts();
    let document = std::sync::Arc::new(document);
    let openapi = get(move || {
        let document = std::sync::Arc::clone(&document);
        async move { Json((*document).clone()) }
    });
    router
        .route("/openapi.json", openapi)
        .fallback(unknown)
        .layer(from_fn_with_state(app.clone(), faults::inject))
        .layer(from_fn_with_state(app.clone(), authorize))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

async fn unknown(uri: Uri) -> Refusal {
    Refusal::NotFound { noun: "path", id: uri.path().to_owned() }
}

async fn authorize(State(app): State<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let is_open = matches!(request.uri().path(), "/health" | "/openapi.json");
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if is_open || given == Some(app.token.as_ref()) {
        return Ok(next.run(request).await);
    }
    Err(Refusal::Unauthorized)
}

fn described() -> OpenApiRouter<App> {
    let mut document = Described::openapi();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("token", token);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    OpenApiRouter::with_openapi(document)
        .merge(retail())
        .merge(paylater_reads())
        .merge(paylater_writes())
        .merge(operation())
}

fn retail() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::retail_users))
        .routes(routes!(users::retail_user))
        .routes(routes!(users::retail_user_orders))
        .routes(routes!(orders::retail_order))
        .routes(routes!(retail_products::retail_products))
        .routes(routes!(retail_products::retail_product))
        .routes(routes!(retail_products::retail_item))
        .routes(routes!(orders::cancel_retail_order))
        .routes(routes!(orders::modify_retail_payment))
        .routes(routes!(changes_of_items::modify_retail_items))
        .routes(routes!(changes_of_items::exchange_retail_items))
        .routes(routes!(retail_returns::return_retail_items))
        .routes(routes!(addresses::modify_retail_order_address))
        .routes(routes!(addresses::modify_retail_user_address))
}

fn paylater_reads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(customers::customers))
        .routes(routes!(customers::customer))
        .routes(routes!(overview::customer_overview))
        .routes(routes!(order_views::customer_orders))
        .routes(routes!(order_views::order))
        .routes(routes!(order_views::order_parcel))
        .routes(routes!(exchanges::item_variants))
        .routes(routes!(products::product))
        .routes(routes!(products::product_variants))
        .routes(routes!(products::merchant))
        .routes(routes!(plans::customer_plans))
        .routes(routes!(plans::plan))
        .routes(routes!(plans::installment))
        .routes(routes!(payments::customer_payments))
        .routes(routes!(payments::payment))
        .routes(routes!(payment_refunds::payment_refunds))
        .routes(routes!(refunds::customer_refunds))
        .routes(routes!(refunds::refund))
        .routes(routes!(returns::customer_returns))
        .routes(routes!(returns::order_return))
        .routes(routes!(exchanges::customer_exchanges))
        .routes(routes!(exchanges::exchange))
        .routes(routes!(price_differences::price_differences))
        .routes(routes!(disputes::customer_disputes))
        .routes(routes!(disputes::dispute))
        .routes(routes!(invoices::customer_invoices))
        .routes(routes!(instruments::customer_instruments))
        .routes(routes!(instruments::instrument))
        .routes(routes!(tickets::customer_tickets))
        .routes(routes!(tickets::ticket))
        .routes(routes!(notes::customer_notes))
        .routes(routes!(transactions::customer_transactions))
        .routes(routes!(transactions::transaction))
}

fn paylater_writes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(cancellations::cancel_order))
        .routes(routes!(returns::report_return))
        .routes(routes!(exchanges::report_exchange))
        .routes(routes!(price_differences::add_price_difference))
        .routes(routes!(price_differences::reverse_price_difference))
        .routes(routes!(disputes::open_dispute))
        .routes(routes!(refunds::trace_refund))
        .routes(routes!(payment_refunds::refund_payment))
        .routes(routes!(transactions::block_transaction))
        .routes(routes!(extensions::extend_installment))
        .routes(routes!(payments::retry_payment))
        .routes(routes!(instruments::set_default_instrument))
        .routes(routes!(credentials::change_address))
        .routes(routes!(credentials::change_email))
        .routes(routes!(credentials::change_phone))
        .routes(routes!(tickets::file_complaint))
        .routes(routes!(tickets::open_ticket))
        .routes(routes!(notes::add_note))
        .routes(routes!(challenges::open_challenge))
        .routes(routes!(challenges::verify_challenge))
}

fn operation() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(changes::changes))
        .routes(routes!(receipts::receipts))
        .routes(routes!(receipts::receipt))
        .routes(routes!(export::export))
        .routes(routes!(faults::set_faults, faults::faults))
        .routes(routes!(outbox::outbox))
        .routes(routes!(admin::create_world, admin::worlds))
        .routes(routes!(admin::delete_world))
        .routes(routes!(admin::reset))
        .routes(routes!(admin::set_clock, admin::clock))
        .routes(routes!(admin::roster))
        .routes(routes!(admin::health))
}
