//! What can be configured? One TOML file, then the environment, then flags; each knob is documented where it is declared.
//!
//! The macro [`section`] keeps documentation, default and type of a knob in one place, so that `ombud config-reference` cannot lie.

mod load;
mod reference;
mod section;

use serde::{Deserialize, Serialize};

pub(crate) use load::{ConfigError, Overrides, cache_folder, load, staff_token, variable};
pub(crate) use reference::reference;
use section::section;
pub(crate) use section::{Field, Section};

section! {
    /// Where the server listens and how much it takes on.
    Server ["server"] {
        /// Address and port to listen on. Put a proxy that ends TLS before anything but a loopback address.
        listen: String = "127.0.0.1:8080".to_owned();
        /// Proxies whose `X-Forwarded-For` is believed, as addresses or ranges (`10.0.0.0/8`). Without them, all customers behind a proxy share one limit.
        trusted_proxies: Vec<String> = Vec::new();
        /// Connections open at once; further ones wait.
        connections_max: usize = 4_096;
        /// Event streams open at once; further ones are refused with `OM-0502`.
        streams_max: usize = 2_048;
        /// Turns taken on at once; further ones are refused with `OM-0503`.
        turns_max: usize = 1_024;
        /// Turns worked on at once; further ones wait. More need more memory, and help when most of their time is a model's or a slow system's.
        turns_at_once: usize = 256;
    }
}

section! {
    /// What of the assistant's work reaches anybody.
    Service ["service"] {
        /// `live`, or `shadow`: messages are read, decided on and written down, customers get no reply, nothing is sent to the company's systems but reads, and the desk sees what would have been said and done. Take a database of its own for it.
        mode: String = "live".to_owned();
        /// Time for reading a message, milliseconds; then a person takes over.
        understanding_deadline_ms: u64 = 5_000;
        /// Time for searching the articles for all questions of a message, milliseconds; then they are answered as if nothing had been found.
        search_deadline_ms: u64 = 5_000;
    }
}

section! {
    /// Sessions of customers and staff: signed tokens (JWT, HS256).
    Session ["session"] {
        /// Secret that signs session tokens, at least 32 bytes (`openssl rand -hex 32`). Your own site signs tokens of signed-in customers with it too.
        secret: String = String::new();
        /// Life of a customer's session, minutes.
        minutes: u32 = 720;
    }
}

section! {
    /// The company: its rules as a folder.
    Pack ["pack"] {
        /// Folder of the pack; `base` is looked for beside it and taken from the program if it is not there.
        path: String = String::new();
        /// Name under which everything of this company is stored.
        tenant: String = "default".to_owned();
    }
}

section! {
    /// The ledger.
    Database ["database"] {
        /// `sqlite:path/to/ledger.db` (made when absent) or `postgres://user:password@host/database`.
        url: String = "sqlite:ombud.db".to_owned();
    }
}

section! {
    /// What shows that the ledger was not changed: a Merkle log over all events, and its signed heads in a folder elsewhere (`ombud prove`).
    Ledger ["ledger"] {
        /// File with the key that signs checkpoints, made with `ombud keys`; empty for no checkpoints. Keep it where whoever can write to the database cannot read it.
        key_file: String = String::new();
        /// Folder for the checkpoints, better on another machine: with the database, it shows nothing to somebody who can write to both.
        checkpoint_folder: String = String::new();
        /// Between two checkpoints, seconds. What was committed since the last one can still be changed unseen.
        interval_s: u32 = 60;
        /// An event may wait so long for its place in the log, seconds; then there is an alarm in the log and in `/api/v1/health`.
        lag_s_max: u32 = 30;
        /// A place in the log may wait so long for a checkpoint, seconds; then there is an alarm.
        age_s_max: u32 = 300;
    }
}

section! {
    /// What keeps personal text unreadable to whoever has the database or a copy of it: each conversation is sealed with a key of its own (decision 0013).
    Privacy ["privacy"] {
        /// File with the master key, made with `ombud keys master FILE`. Without a master key, personal text is stored in the clear. Lost with it, everything sealed is lost.
        master_key_file: String = String::new();
        /// The master key itself, 64 hexadecimal digits; give it as `OMBUD_PRIVACY_MASTER_KEY`, never in a file that is shared.
        master_key: String = String::new();
        /// Command that prints the master key, run by `sh` at the start: for a key service or a secrets store.
        master_key_command: String = String::new();
        /// Database of the keys, an address as in `database.url`; another one, in another place, and not in the backups of the ledger.
        keys_url: String = String::new();
    }
}

section! {
    /// How long things are kept; a legal hold (`ombud hold`) wins over it.
    Retention ["retention"] {
        /// Days after its last event that a conversation is kept, with the log of its decisions, for which the AI Act (Articles 19 and 26) wants six months; 0 for ever.
        conversation_days: u32 = 200;
    }
}

section! {
    /// The people of the company.
    Desk ["desk"] {
        /// Names of those who may approve what needs the approval of people, as `name` in their tokens (`ombud token staff --name`). Only people: an account of a program does not belong here. Whoever is taken out counts no more from the next start on, also for what he approved before.
        approvers: Vec<String> = Vec::new();
    }
}

section! {
    /// Who brings documents that become articles, and who lets them in (`ombud knowledge`). Where a list is empty, a name is believed as it is told.
    Knowledge ["knowledge"] {
        /// Names of those who may bring documents, as `name` in their tokens (`ombud token staff --name`), which they have to show then.
        authors: Vec<String> = Vec::new();
        /// Names of those who may approve, reject and roll back, as `name` in their tokens, which they have to show then.
        approvers: Vec<String> = Vec::new();
    }
}

section! {
    /// The company's own systems.
    Backoffice ["backoffice"] {
        /// Base URL; the paths of `actions/*.yaml` are appended.
        url: String = String::new();
        /// Bearer token of every call; empty for none.
        token: String = String::new();
        /// Calls under way at once; further ones wait within their deadline.
        calls_max: usize = 256;
        /// Time for one call, all attempts together, milliseconds.
        deadline_ms: u64 = 12_000;
    }
}

section! {
    /// A language model behind any OpenAI-compatible endpoint. Without one, answers are templates and quoted passages.
    Model ["model"] {
        /// Base URL up to and with the version, such as `https://host/v1`; empty for no model.
        url: String = String::new();
        /// API key; empty for none.
        key: String = String::new();
        /// Model name as the endpoint knows it; fine-tuned names included.
        name: String = String::new();
        /// Time for one draft, milliseconds; then the template is sent.
        deadline_ms: u64 = 8_000;
    }
}

section! {
    /// Models that run in this process, fetched with `ombud models fetch`. Everything works without them.
    Models ["models"] {
        /// Folder of their files, of what was learnt from packs and of large knowledge indexes; empty for `ombud/models` in the user's cache folder (`$XDG_CACHE_HOME`, or `~/.cache`).
        folder: String = String::new();
    }
}

section! {
    /// How often one address, session or customer may ask. Zero switches a limit off. Those of an hour are counted in the ledger's database and hold over restarts.
    Limits ["limits"] {
        /// Pages and their parts fetched by one address a minute.
        address_pages_per_minute: u32 = 3_000;
        /// Pages and their parts fetched by one address at once.
        address_pages_burst: u32 = 1_000;
        /// Requests of one address a minute.
        address_requests_per_minute: u32 = 1_200;
        /// Requests of one address at once.
        address_requests_burst: u32 = 300;
        /// Sessions opened by one address a minute.
        address_sessions_per_minute: u32 = 60;
        /// Sessions opened by one address at once.
        address_sessions_burst: u32 = 30;
        /// Requests of one session or customer a minute.
        session_requests_per_minute: u32 = 600;
        /// Requests of one session or customer at once.
        session_requests_burst: u32 = 120;
        /// Messages of one session or customer a minute.
        session_messages_per_minute: u32 = 30;
        /// Messages of one session or customer at once.
        session_messages_burst: u32 = 15;
        /// One-time codes entered by one session or customer a minute.
        session_codes_per_minute: u32 = 6;
        /// One-time codes entered by one session or customer at once.
        session_codes_burst: u32 = 6;
        /// Identifications from one address in an hour that were not completed with a one-time code; then a person takes over.
        address_identifications_per_hour: u32 = 10;
        /// Identifications under one e-mail address or name in an hour that were not completed, whether or not there is such a customer.
        claim_identifications_per_hour: u32 = 10;
        /// One-time codes sent to one customer in an hour, over all conversations; then none for an hour.
        customer_codes_per_hour: u32 = 5;
        /// Wrong one-time codes of one customer in an hour, over all conversations; then none is checked for an hour, and a person takes over.
        customer_wrong_codes_per_hour: u32 = 5;
        /// Addresses, sessions and customers remembered for each limit; new ones beyond it share one bucket.
        keys_max: usize = 100_000;
    }
}

section! {
    /// What the program says about itself; never what a customer wrote.
    Log ["log"] {
        /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or by module, such as `info,ombud_http=debug`.
        filter: String = "info".to_owned();
        /// `text` for people, `json` for machines.
        format: String = "text".to_owned();
    }
}

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) service: Service,
    pub(crate) session: Session,
    pub(crate) pack: Pack,
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    pub(crate) privacy: Privacy,
    pub(crate) retention: Retention,
    pub(crate) desk: Desk,
    pub(crate) knowledge: Knowledge,
    pub(crate) backoffice: Backoffice,
    pub(crate) model: Model,
    pub(crate) models: Models,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
}

/// All sections, in the order of the reference.
pub(crate) const SECTIONS: [Section; 15] = [
    Server::SECTION,
    Service::SECTION,
    Session::SECTION,
    Pack::SECTION,
    Database::SECTION,
    Ledger::SECTION,
    Privacy::SECTION,
    Retention::SECTION,
    Desk::SECTION,
    Knowledge::SECTION,
    Backoffice::SECTION,
    Model::SECTION,
    Models::SECTION,
    Limits::SECTION,
    Log::SECTION,
];
