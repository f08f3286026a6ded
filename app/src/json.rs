//! JSON between server and browser. Each type is read by one decoder there, for answers and for what the page begins with.
//!
//! The browser parses the text itself: it can, and a parser of our own would be a sixth of what it downloads.

use bytes::Bytes;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

/// Arguments and answers as JSON.
pub type Json = Post<JsonText>;

/// One value as JSON.
#[derive(Clone, Copy, Debug)]
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Unreadable> {
        parse(core::str::from_utf8(&bytes).map_err(|_| Unreadable)?)
    }
}

impl<T: Serialize> Encoder<T> for JsonText {
    type Encoded = String;
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for JsonText {
    type Encoded = str;
    type Error = Unreadable;

    fn decode(text: &str) -> Result<T, Unreadable> {
        parse(text)
    }
}

/// The text is no JSON, or not that of the wanted type.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not the JSON that was expected")]
pub struct Unreadable;

#[cfg(target_family = "wasm")]
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let value = js_sys::JSON::parse(text).map_err(|_| Unreadable)?;
    serde_wasm_bindgen::from_value(value).map_err(|_| Unreadable)
}

#[cfg(not(target_family = "wasm"))]
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable)
}
