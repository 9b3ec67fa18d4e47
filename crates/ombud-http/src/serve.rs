//! How does the server listen, and how does it stop? Bounded connections, and a shutdown that lets turns under way finish.

use std::future::{Future, IntoFuture as _};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep};

use crate::app::App;
use crate::router::router;

/// Silence in both directions after which a connection is closed, seconds; above the longest turn and eight missed pings.
const IDLE_S_MAX: u64 = 120;
/// How long a shutdown waits for requests under way, seconds.
const SHUTDOWN_S_MAX: u64 = 15;
/// Wait after the system refused to hand out a connection, milliseconds.
const ACCEPT_PAUSE_MS: u64 = 100;

/// Serves until `shutdown` is ready, then lets turns under way finish.
///
/// # Errors
/// When the listener fails; the operator can fix it.
pub async fn serve(
    listener: TcpListener,
    connections_max: usize,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let service = router(app.clone()).into_make_service_with_connect_info::<Peer>();
    let closing = app.clone();
    let (told, mut heard) = watch::channel(());
    let serving = axum::serve(Bounded { listener, places }, service).with_graceful_shutdown(async move {
        shutdown.await;
        closing.live().close();
        drop(told);
    });
    let overdue = async move {
        // The channel never carries a value: it ends when the shutdown begins.
        let _ = heard.changed().await;
        sleep(Duration::from_secs(SHUTDOWN_S_MAX)).await;
    };
    let served = tokio::select! {
        served = serving.into_future() => served,
        () = overdue => Ok(()),
    };
    if !app.finished(Duration::from_secs(SHUTDOWN_S_MAX)).await {
        tracing::warn!(
            "turns were still under way at the end of the shutdown; the ledger has their intents, and the next start looks them up"
        );
    }
    served
}

/// The address of a connection's other end.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// A listener that takes on no more connections than it has places.
#[derive(Debug)]
pub struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            // A semaphore that is never closed always gives a permit in the end.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { continue };
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Small answers leave at once; a failure only delays them.
                    let _ = stream.set_nodelay(true);
                    return (Connection { stream, idle: Box::pin(sleep(idle())), _place: place }, address);
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                    sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that holds its place and is closed after a long silence.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

const fn idle() -> Duration {
    Duration::from_secs(IDLE_S_MAX)
}

impl Connection {
    fn stirred(&mut self) {
        self.idle.as_mut().reset(Instant::now() + idle());
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(ctx, buffer);
        if read.is_ready() {
            self.stirred();
            return read;
        }
        match self.idle.as_mut().poll(ctx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(ctx, bytes);
        if written.is_ready() {
            self.stirred();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(ctx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(ctx, slices);
        if written.is_ready() {
            self.stirred();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
