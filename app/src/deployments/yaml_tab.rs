//! The manifest as YAML, masked; to read, copy and download.

use leptos::prelude::*;
use model::deployment::DeploymentRef;
use wasm_bindgen::closure::Closure;

use super::api::read_deployment_yaml;
use crate::AppError;
use crate::address::encode;
use crate::failure::FailureNote;
use crate::live::Live;
use crate::reading::{Reading, arrived, reading};

/// What the tab reads.
#[derive(Clone, Copy)]
pub struct YamlSource {
    text: Reading<Result<String, AppError>>,
    /// What came of copying; it outlives the text, which is read again with every change of the Deployment.
    said: RwSignal<Option<&'static str>>,
}

impl YamlSource {
    /// Begins to read; call it outside of what waits for other resources.
    pub fn new(target: Memo<Result<DeploymentRef, AppError>>) -> Self {
        let live = Live::page_counter();
        let text = reading(
            move || (target.get(), live.get()),
            |(target, _)| async move { read_deployment_yaml(target?).await },
        );
        Self { text, said: RwSignal::new(None) }
    }

    /// Shows the manifest.
    pub async fn view(self, target: DeploymentRef) -> AnyView {
        let text = match arrived(self.text).await {
            Ok(text) => view! { <YamlText text=text file=format!("{}.yaml", target.name) said=self.said/> }.into_any(),
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
fn YamlText(text: String, file: String, said: RwSignal<Option<&'static str>>) -> impl IntoView {
    let download = format!("data:application/yaml;charset=utf-8,{}", encode(&text));
    let can_copy = RwSignal::new(false);
    // Without JavaScript, and in a page that came over plain HTTP, there is no clipboard.
    Effect::new(move || can_copy.set(!window().navigator().clipboard().is_undefined()));
    let copying = text.clone();
    let copy = move |_| {
        let say = move |words: &'static str| {
            Closure::once_into_js(move || {
                // The page may be another one by now.
                let _ = said.try_set(Some(words));
            })
        };
        let copied = window().navigator().clipboard().write_text(&copying);
        let (done, failed) = (say("Copied."), say("The browser did not let it be copied: select the text instead."));
        let then = js_sys::Reflect::get(&copied, &"then".into()).map(js_sys::Function::from);
        // A promise always has it.
        let _ = then.and_then(|then| then.call2(&copied, &done, &failed));
    };
    view! {
        <div class="button-row">
            {move || can_copy.get().then(|| {
                let copy = copy.clone();
                view! { <button type="button" class="button" on:click=copy>"Copy"</button> }
            })}
            <a class="button" href=download download=file>"Download"</a>
            <span role="status">{move || said.get()}</span>
        </div>
        <pre class="yaml" tabindex="0" role="region" aria-label="Manifest">
            <code>{text}</code>
        </pre>
    }
}
