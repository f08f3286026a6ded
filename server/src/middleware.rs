//! What every request passes through, outermost first: the log, the headers, the guards.

mod guards;
mod request_log;
mod same_origin;
mod security_headers;

pub(crate) use guards::{BodyBounds, TimeBound, catch_panic, limit_body, limit_time};
pub(crate) use request_log::log_request;
pub(crate) use same_origin::{drop_foreign_words, require_same_origin};
pub(crate) use security_headers::{page_policy, secure_headers};
