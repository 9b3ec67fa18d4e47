//! How does the back office start, answer and stop?

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::routes::router;
use crate::seed::SeedSpec;
use crate::storage::database::{self, Database, OpenDatabaseError};
use crate::wire::{CuttableListener, Wire};
use crate::world::{ClockMode, WorldError, Worlds};

/// How long requests in flight may take after the signal to stop.
const STOP_S_MAX: u64 = 10;

/// What every request needs.
#[derive(Clone)]
pub struct App {
    pub database: Database,
    pub worlds: Arc<Worlds>,
    pub token: Arc<str>,
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// A file, or `:memory:`.
    pub database: String,
    /// What a new database begins with.
    pub seed: SeedSpec,
    /// Whether time stands or runs.
    pub clock: ClockMode,
    /// The token every request must carry.
    pub token: String,
}

/// Why the back office could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process listens there.
    #[error("{listen} is in use by another process; stop that one, or give --listen another port")]
    PortInUse {
        /// The address asked for.
        listen: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}; give --listen an address of this machine")]
    Listen {
        /// The address asked for.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenDatabaseError),
    /// The main world cannot be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The listener failed while serving.
    #[error("the listener failed: {0}")]
    Serve(std::io::Error),
}

/// A back office that listens and has not begun to answer.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
}

impl Bound {
    /// Opens the port first (it fails fast), then the database, which is seeded when new.
    ///
    /// # Errors
    /// The port is in use, or database or seed cannot be read: the operator can fix each.
    pub async fn bind(settings: Settings) -> Result<Self, ServeError> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::PortInUse { listen },
            _ => ServeError::Listen { listen, source },
        })?;
        let address = listener.local_addr().map_err(|source| ServeError::Listen { listen, source })?;
        let database = database::open(&settings.database).await?;
        let worlds = Worlds::open(&database, &settings.seed, settings.clock).await?;
        let app = App { database, worlds: Arc::new(worlds), token: settings.token.into() };
        Ok(Self { listener, address, app })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready; then requests in flight have ten seconds.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
        let database = self.app.database.clone();
        let service = router(self.app).into_make_service_with_connect_info::<Wire>();
        let serving = axum::serve(CuttableListener(self.listener), service).with_graceful_shutdown(async move {
            stop.await;
            // The receiver is gone only when serving has ended by itself.
            stopping.send(()).ok();
        });
        let overdue = async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(STOP_S_MAX)).await;
        };
        let outcome = tokio::select! {
            outcome = serving.into_future() => outcome.map_err(ServeError::Serve),
            () = overdue => Ok(()),
        };
        database.close().await;
        outcome
    }
}
