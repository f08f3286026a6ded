//! Catches what the API server warns of: its `Warning` headers, RFC 9110 codes 299.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::{Layer, Service};

tokio::task_local! {
    static CAUGHT: RefCell<Vec<String>>;
}

/// Most warnings that are kept of one piece of work.
const MOST: usize = 20;

/// Runs some requests and returns what the API server warned of meanwhile.
pub(super) async fn catch<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let caught = CAUGHT.scope(RefCell::default(), async {
        let answer = work.await;
        (answer, CAUGHT.with(RefCell::take))
    });
    caught.await
}

/// Looks at the headers of each answer.
#[derive(Clone)]
pub(super) struct WarningLayer;

/// See [`WarningLayer`].
#[derive(Clone)]
pub(super) struct WarningService<S>(S);

impl<S> Layer<S> for WarningLayer {
    type Service = WarningService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WarningService(inner)
    }
}

impl<S, Request, Body> Service<Request> for WarningService<S>
where
    S: Service<Request, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            for header in answer.headers().get_all(http::header::WARNING) {
                if let Some(text) = header.to_str().ok().and_then(text) {
                    // Outside of `catch` nobody asks.
                    let _ = CAUGHT.try_with(|caught| {
                        let mut caught = caught.borrow_mut();
                        if caught.len() < MOST && !caught.contains(&text) {
                            caught.push(text);
                        }
                    });
                }
            }
            Ok(answer)
        })
    }
}

/// Reads `299 - "text"`.
fn text(header: &str) -> Option<String> {
    let quoted = header.splitn(3, ' ').nth(2)?.trim();
    let text = quoted.strip_prefix('"')?.split_once('"').map_or(quoted, |(text, _)| text);
    Some(text.chars().filter(|c| !c.is_control()).take(500).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_its_text() {
        assert_eq!(text("299 - \"unknown field \""), Some("unknown field ".into()));
        assert_eq!(text("garbage"), None);
    }
}
