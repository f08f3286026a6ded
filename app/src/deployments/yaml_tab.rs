//! The manifest as YAML, masked; to read, copy and download.

use leptos::prelude::*;
use model::deployment::DeploymentRef;

use super::api::read_deployment_yaml;
use crate::address::encode;
use crate::failure::FailureNote;
use crate::live::Live;

/// The tab.
#[component]
pub fn YamlTab(target: DeploymentRef) -> impl IntoView {
    let live = Live::page_counter();
    let file = format!("{}.yaml", target.name);
    let asked = target.clone();
    let yaml = Resource::new_blocking(move || (asked.clone(), live.get()), |(target, _)| read_deployment_yaml(target));
    view! {
        <h2>"YAML"</h2>
        <p class="muted">"The manifest as it is recorded: what a person would have written."</p>
        <Transition>
            {move || {
                let file = file.clone();
                Suspend::new(async move {
                    match yaml.await {
                        Ok(text) => view! { <YamlText text=text file=file/> }.into_any(),
                        Err(error) => view! { <FailureNote error=error/> }.into_any(),
                    }
                })
            }}
        </Transition>
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
