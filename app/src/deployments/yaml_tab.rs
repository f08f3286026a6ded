//! The manifest as YAML, masked; to read, copy and download.

use leptos::prelude::*;
use model::deployment::DeploymentRef;

use super::api::read_deployment_yaml;
use crate::AppError;
use crate::address::encode;
use crate::failure::FailureNote;
use crate::live::Live;
use crate::reading::{Reading, reading};

/// What the tab reads.
#[derive(Clone, Copy)]
pub struct YamlSource(Reading<Result<String, AppError>>);

impl YamlSource {
    /// Begins to read; call it outside of what waits for other resources.
    pub fn new(target: Memo<Result<DeploymentRef, AppError>>) -> Self {
        let live = Live::page_counter();
        Self(reading(
            move || (target.get(), live.get()),
            |(target, _)| async move { read_deployment_yaml(target?).await },
        ))
    }

    /// Shows the manifest.
    pub async fn view(self, target: DeploymentRef) -> AnyView {
        let text = match self.0.await {
            Ok(text) => view! { <YamlText text=text file=format!("{}.yaml", target.name)/> }.into_any(),
            Err(error) => view! { <FailureNote error=error/> }.into_any(),
        };
        view! {
            <h2>"YAML"</h2>
            <p class="muted">"The manifest as it is recorded: what a person would have written."</p>
            {text}
        }
        .into_any()
    }
}

#[component]
fn YamlText(text: String, file: String) -> impl IntoView {
    let download = format!("data:application/yaml;charset=utf-8,{}", encode(&text));
    let copied = RwSignal::new(false);
    let copying = text.clone();
    let copy = move |_| {
        // The browser may refuse; the text can still be selected.
        let _ = window().navigator().clipboard().write_text(&copying);
        copied.set(true);
    };
    view! {
        <div class="button-row">
            <button type="button" class="button" on:click=copy>"Copy"</button>
            <a class="button" href=download download=file>"Download"</a>
            <span role="status">{move || copied.get().then_some("Copied.")}</span>
        </div>
        <pre class="yaml" tabindex="0" role="region" aria-label="Manifest">
            <code>{text}</code>
        </pre>
    }
}
