//! A way to a server that can be cut, broken in the middle of a message, and made slow.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a slow cable treats each piece that goes over it.
const SLOW_PAUSE: Duration = Duration::from_millis(50);
const SLOW_PIECE: usize = 2048;
const PIECE: usize = 64 * 1024;
/// A break waits so long for something to break in.
const UNTIL_BROKEN: Duration = Duration::from_millis(300);

/// What a cable does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    cut: bool,
    slow: bool,
    /// Goes up with each break.
    breaks: u64,
}

/// A TCP proxy on a port of its own.
#[derive(Debug)]
pub struct Cable {
    pub port: u16,
    state: watch::Sender<State>,
}

impl Cable {
    /// Lays a cable to `127.0.0.1:port`.
    pub async fn to(server: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (state, seen) = watch::channel(State::default());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server, seen.clone()));
            }
        });
        Ok(Self { port, state })
    }

    /// Ends all connections and lets none through, until it is mended.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cut = true);
    }

    /// Lets everything through only in small pieces, each after a pause, until it is mended.
    pub fn slow_down(&self) {
        self.state.send_modify(|state| state.slow = true);
    }

    /// Ends all connections in the middle of what comes next; new ones get through.
    pub fn break_off(&self) {
        self.state.send_modify(|state| state.breaks += 1);
    }

    pub fn mend(&self) {
        self.state.send_modify(|state| (state.cut, state.slow) = (false, false));
    }
}

async fn carry(near: TcpStream, server: u16, state: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // The first direction that ends ends both, as a cable does.
    tokio::select! {
        () = pump(near_in, far_out, state.clone()) => {}
        () = pump(far_in, near_out, state) => {}
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut state: watch::Receiver<State>) {
    let mut piece = vec![0; PIECE];
    let begun = state.borrow().breaks;
    loop {
        let State { cut, slow, breaks } = *state.borrow_and_update();
        if cut {
            return;
        }
        if breaks != begun {
            if let Ok(Ok(read)) = tokio::time::timeout(UNTIL_BROKEN, from.read(&mut piece)).await {
                // The other side has half of it, whatever becomes of the rest.
                let _ = to.write_all(piece.get(..read / 2).unwrap_or_default()).await;
                let _ = to.flush().await;
            }
            return;
        }
        let room = if slow { SLOW_PIECE } else { PIECE };
        let read = tokio::select! {
            read = from.read(piece.get_mut(..room).unwrap_or_default()) => read,
            _ = state.changed() => continue,
        };
        let Ok(read @ 1..) = read else { return };
        if slow {
            tokio::time::sleep(SLOW_PAUSE).await;
        }
        if to.write_all(piece.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}
