//! Git's smart protocol over our HTTP client, in place of libgit2's own, so that there is one TLS stack.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::sync::OnceLock;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use git2::{ErrorClass, ErrorCode};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use super::credentials::HttpAccess;
use super::failure::PushFailure;

thread_local! {
    /// libgit2 makes transports by address; which client serves this thread's connection is said here.
    static ACCESS: RefCell<Option<HttpAccess>> = const { RefCell::new(None) };
    /// What the newest request of this thread failed with; libgit2 carries only a number.
    static FAILURE: Cell<Option<PushFailure>> = const { Cell::new(None) };
}

/// Runs something that talks to the remote through this client, on this thread.
///
/// Returns the failure of its requests beside Git's own error.
pub(super) fn with_access<T>(
    access: &HttpAccess,
    run: impl FnOnce() -> Result<T, git2::Error>,
) -> Result<T, (Option<PushFailure>, git2::Error)> {
    register().map_err(|error| (None, error))?;
    ACCESS.with_borrow_mut(|slot| *slot = Some(access.clone()));
    FAILURE.set(None);
    let result = run();
    ACCESS.with_borrow_mut(|slot| *slot = None);
    result.map_err(|error| (FAILURE.take(), error))
}

/// Sends a request and reads all of its answer, on this thread.
pub(super) fn exchange(access: &HttpAccess, service: Service, body: Vec<u8>) -> Result<Vec<u8>, PushFailure> {
    /// References are told in 60 bytes or so each.
    const LONGEST: usize = 64 * 1024 * 1024;
    let mut exchange = Exchange { access: access.clone(), service, body, answer: None };
    let mut answer = Vec::new();
    let mut piece = vec![0; 16 * 1024];
    loop {
        match exchange.receive(&mut piece)? {
            0 => return Ok(answer),
            count => answer.extend_from_slice(piece.get(..count).unwrap_or_default()),
        }
        if answer.len() > LONGEST {
            return Err(PushFailure::Broken);
        }
    }
}

struct Subtransport {
    access: HttpAccess,
}

/// One request: what is written becomes its body, reading sends it.
struct Exchange {
    access: HttpAccess,
    service: Service,
    body: Vec<u8>,
    answer: Option<Answer>,
}

struct Answer {
    response: reqwest::Response,
    /// The part of the body that was received and not yet read.
    piece: Vec<u8>,
    read: usize,
}

impl SmartSubtransport for Subtransport {
    fn action(&self, _url: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let mut exchange = Exchange { access: self.access.clone(), service, body: Vec::new(), answer: None };
        if matches!(service, Service::UploadPackLs | Service::ReceivePackLs) {
            // At once, so that a refusal is this call's error and not a broken stream.
            exchange.send().map_err(|failure| {
                FAILURE.set(Some(failure));
                git2::Error::new(ErrorCode::GenericError, ErrorClass::Http, failure.brief())
            })?;
        }
        Ok(Box::new(exchange))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

impl Exchange {
    fn send(&mut self) -> Result<(), PushFailure> {
        let (get, name) = match self.service {
            Service::UploadPackLs => (true, "git-upload-pack"),
            Service::ReceivePackLs => (true, "git-receive-pack"),
            Service::UploadPack => (false, "git-upload-pack"),
            Service::ReceivePack => (false, "git-receive-pack"),
        };
        let base = self.access.address.as_str();
        let (request, kind) = if get {
            (
                self.access.client.get(format!("{base}/info/refs?service={name}")),
                format!("application/x-{name}-advertisement"),
            )
        } else {
            let request = self
                .access
                .client
                .post(format!("{base}/{name}"))
                .header(CONTENT_TYPE, format!("application/x-{name}-request"))
                .body(std::mem::take(&mut self.body));
            (request, format!("application/x-{name}-result"))
        };
        let request = request.header(ACCEPT, &kind);
        let response = self.access.wait(async { request.send().await })?.map_err(|error| failure_of(&error))?;
        judge(&response, &kind)?;
        self.answer = Some(Answer { response, piece: Vec::new(), read: 0 });
        Ok(())
    }

    fn receive(&mut self, out: &mut [u8]) -> Result<usize, PushFailure> {
        if self.answer.is_none() {
            self.send()?;
        }
        let Some(answer) = &mut self.answer else { return Ok(0) };
        while answer.read >= answer.piece.len() {
            let Some(piece) =
                self.access.wait(async { answer.response.chunk().await })?.map_err(|error| failure_of(&error))?
            else {
                return Ok(0);
            };
            answer.piece = piece.to_vec();
            answer.read = 0;
        }
        let rest = answer.piece.get(answer.read..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        answer.read += count;
        Ok(count)
    }
}

impl Read for Exchange {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.receive(out).map_err(|failure| {
            FAILURE.set(Some(failure));
            io::Error::other(failure.brief())
        })
    }
}

impl Write for Exchange {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.body.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HttpAccess {
    /// Waits on this thread, which is none of the runtime's, until the answer or the end.
    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, PushFailure> {
        self.runtime.block_on(async {
            tokio::select! {
                result = work => Ok(result),
                () = self.closed.cancelled() => Err(PushFailure::Unreachable),
            }
        })
    }
}

/// Judges an answer by its status and type; a sign-in page in the place of Git's answer is no Git server.
fn judge(response: &reqwest::Response, kind: &str) -> Result<(), PushFailure> {
    let found = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match response.status() {
        status if status.is_success() && found == Some(kind) => Ok(()),
        status if status.is_redirection() => Err(PushFailure::Redirected),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Err(PushFailure::Denied)
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(PushFailure::Missing),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(PushFailure::Unreachable),
        _ => Err(PushFailure::Broken),
    }
}

/// Logs the source without the address; the page gets the kind alone.
fn failure_of(error: &reqwest::Error) -> PushFailure {
    tracing::debug!(
        error.connect = error.is_connect(),
        error.timeout = error.is_timeout(),
        "the remote did not answer"
    );
    if error.is_decode() { PushFailure::Broken } else { PushFailure::Unreachable }
}

/// Tells libgit2 once in the process to come here for `http://` and `https://`.
fn register() -> Result<(), git2::Error> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        for scheme in ["http", "https"] {
            let factory = |remote: &git2::Remote<'_>| {
                let access = ACCESS.with_borrow(Clone::clone);
                let access = access.ok_or_else(|| git2::Error::from_str("no client is set for this thread"))?;
                Transport::smart(remote, true, Subtransport { access })
            };
            // SAFETY: libgit2 asks that no transport is made or registered meanwhile. `OnceLock` lets one thread in,
            // and every way to an HTTP remote leads through `with_access`, which waits for it; folders are opened
            // without a transport.
            unsafe { git2::transport::register(scheme, factory) }.map_err(|error| error.message().to_owned())?;
        }
        Ok(())
    });
    done.clone().map_err(|message| git2::Error::from_str(&message))
}
