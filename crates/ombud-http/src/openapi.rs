//! What does the API look like to a machine? OpenAPI 3.1, gathered from the handlers.

use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;
use crate::{chat, demo, desk, meta};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Ombud",
        description = "Public HTTP API of Ombud, a self-hosted customer-service agent. Errors are problem documents (RFC 9457) with a stable `code`; each code is explained at `/errors/<code>`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/api/v1")),
    components(schemas(Problem)),
    tags(
        (name = "chat", description = "customers"),
        (name = "desk", description = "people of the company; needs a staff token"),
        (name = "demo", description = "only with a fictional company"),
        (name = "meta", description = "health and this document")
    ),
    security(("token" = []))
)]
struct Document;

/// All paths below `/api/v1` with their handlers.
#[must_use]
pub fn paths() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(meta::health))
        .routes(routes!(meta::ready))
        .routes(routes!(chat::sessions::open_session))
        .routes(routes!(chat::conversations::open_conversation))
        .routes(routes!(chat::conversations::read_conversation))
        .routes(routes!(chat::messages::send_message))
        .routes(routes!(chat::messages::step_up))
        .routes(routes!(chat::events::conversation_events))
        .routes(routes!(chat::turns::read_turns))
        .routes(routes!(chat::articles::read_article))
        .routes(routes!(desk::conversations::list_conversations))
        .routes(routes!(desk::conversations::desk_conversation))
        .routes(routes!(desk::conversations::desk_records))
        .routes(routes!(desk::act::take))
        .routes(routes!(desk::act::reply))
        .routes(routes!(desk::act::note))
        .routes(routes!(desk::act::give_back))
        .routes(routes!(desk::act::resolve))
        .routes(routes!(desk::approvals::list_approvals))
        .routes(routes!(desk::approvals::decide_approval))
        .routes(routes!(desk::switches::list_switches))
        .routes(routes!(desk::switches::flip_switch))
        .routes(routes!(desk::events::desk_events))
        .routes(routes!(demo::open_demo_session))
        .routes(routes!(demo::demo_customers))
        .routes(routes!(demo::demo_outbox))
        .routes(routes!(demo::open_demo_staff))
}

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    finished(paths().into_openapi())
}

/// Adds what every operation has: the token, and a problem document for everything that goes wrong.
pub(crate) fn finished(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            add_problem(operation);
        }
    }
    document
}

fn add_problem(operation: &mut Operation) {
    let schema = Ref::from_schema_name("Problem");
    let content = || ContentBuilder::new().schema(Some(schema.clone())).build();
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (!status.starts_with('2'), response) {
            response.content.clear();
            response.content.insert("application/problem+json".to_owned(), RefOr::T(content()));
        }
    }
    let any = ResponseBuilder::new()
        .description("anything else that goes wrong")
        .content("application/problem+json", content())
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(any));
}
