//! Connections as they come in: how many at once, without delay, and only if they soon say that they speak HTTP/2.
//!
//! Below this the kernel accepts, above it tonic reads frames. A connection that sends nothing would otherwise hold its place for
//! ever: keep-alive begins only after the preface. All of them end at once when they are cut. Relies on `limits`.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Sleep, sleep},
};
use tokio_stream::Stream;
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::limits::HANDSHAKE_TIMEOUT;

/// What an HTTP/2 client says first, in bytes.
const PREFACE_BYTES: usize = 24;

/// Accepts connections up to a number at once; one more is closed at once.
pub struct Listener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    shears: watch::Receiver<bool>,
}

/// Ends every connection of a listener, those to come included.
pub struct Shears {
    cut: watch::Sender<bool>,
    places: Arc<Semaphore>,
    connections_max: usize,
}

impl Shears {
    /// Cuts them; how many there were.
    pub fn cut(&self) -> usize {
        let open = self.connections_max - self.places.available_permits();
        self.cut.send_replace(true);
        open
    }
}

impl Listener {
    /// Accepts from `listener`, at most `connections_max` at once.
    pub fn new(listener: TcpListener, connections_max: usize) -> (Self, Shears) {
        let ((cut, shears), places) = (watch::channel(false), Arc::new(Semaphore::new(connections_max)));
        (Self { listener, places: places.clone(), shears }, Shears { cut, places, connections_max })
    }

    /// Gives `stream` a place, or closes it.
    fn admit(&self, stream: TcpStream) -> io::Result<Option<Connection>> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("connection closed: as many as allowed are open");
            return Ok(None);
        };
        stream.set_nodelay(true)?;
        let cut = Cut::awaited(self.shears.clone());
        Ok(Some(Connection { stream, preface: Some(Preface::new()), cut, _place: place }))
    }
}

impl Stream for Listener {
    type Item = io::Result<Connection>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let (stream, _) = ready!(self.listener.poll_accept(cx))?;
            if let Some(connection) = self.admit(stream)? {
                return Poll::Ready(Some(Ok(connection)));
            }
        }
    }
}

/// A connection that holds its place until it is dropped.
pub struct Connection {
    stream: TcpStream,
    preface: Option<Preface>,
    cut: Cut,
    _place: OwnedSemaphorePermit,
}

/// What is still awaited of the preface, and until when.
struct Preface {
    missing_bytes: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Preface {
    fn new() -> Self {
        Self { missing_bytes: PREFACE_BYTES, deadline: Box::pin(sleep(HANDSHAKE_TIMEOUT)) }
    }

    /// Counts `bytes` that came; whether the preface is complete.
    fn is_complete_after(&mut self, bytes: usize) -> bool {
        self.missing_bytes = self.missing_bytes.saturating_sub(bytes);
        self.missing_bytes == 0
    }
}

/// Whether one connection was cut, and who is to be woken then.
struct Cut {
    shears: watch::Receiver<bool>,
    awaited: Pin<Box<dyn Future<Output = ()> + Send>>,
    waker: Option<Waker>,
}

impl Cut {
    fn awaited(shears: watch::Receiver<bool>) -> Self {
        let mut told = shears.clone();
        let awaited = async move {
            // Shears that are gone do not cut.
            if told.wait_for(|cut| *cut).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        Self { shears, awaited: Box::pin(awaited), waker: None }
    }

    /// Whether it was cut; if not, the task is woken when it is. A task that waits already costs a comparison.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if *self.shears.borrow() {
            return Poll::Ready(());
        }
        if self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        self.awaited.as_mut().poll(cx)
    }
}

impl Connection {
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.preface {
            Some(preface) => preface.deadline.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            None => Poll::Pending,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.cut.poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf)? {
            Poll::Pending => this.poll_deadline(cx),
            Poll::Ready(()) => {
                let bytes = buf.filled().len() - before;
                this.preface.take_if(|preface| preface.is_complete_after(bytes));
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
