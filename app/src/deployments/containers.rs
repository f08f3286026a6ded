//! The containers of a Deployment's pods.

use leptos::prelude::*;
use model::workload::{ContainerSummary, EnvValue};

/// One block per container.
#[component]
pub fn Containers(containers: Vec<ContainerSummary>) -> impl IntoView {
    containers.into_iter().map(|container| view! { <ContainerBlock container=container/> }).collect_view()
}

#[component]
fn ContainerBlock(container: ContainerSummary) -> impl IntoView {
    let quantity = |request: &Option<String>, limit: &Option<String>| {
        let words = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        format!("request {}, limit {}", words(request), words(limit))
    };
    let ports = container
        .ports
        .iter()
        .map(|port| match &port.name {
            Some(name) => format!("{name} {}/{}", port.port, port.protocol),
            None => format!("{}/{}", port.port, port.protocol),
        })
        .collect::<Vec<_>>()
        .join(", ");
    let env = container
        .env
        .iter()
        .map(|variable| {
            let name = variable.name.clone();
            match &variable.value {
                EnvValue::Plain(value) => view! { <li class="code">{format!("{name}={value}")}</li> }.into_any(),
                EnvValue::From(from) => view! {
                    <li>
                        <span class="code">{name}</span>
                        <span class="muted">{format!(" from {from}")}</span>
                    </li>
                }
                .into_any(),
            }
        })
        .collect_view();
    let env = (!container.env.is_empty()).then(|| {
        view! {
            <div>
                <dt>"Environment"</dt>
                <dd>
                    <ul>{env}</ul>
                </dd>
            </div>
        }
    });
    let ports = (!ports.is_empty()).then(|| {
        view! {
            <div>
                <dt>"Ports"</dt>
                <dd class="code">{ports}</dd>
            </div>
        }
    });
    view! {
        <div class="container-block">
            <h3 class="name">{container.name.to_string()}</h3>
            <dl class="pairs">
                <div>
                    <dt>"Image"</dt>
                    <dd class="image">{container.image.clone()}</dd>
                </div>
                <div>
                    <dt>"CPU"</dt>
                    <dd>{quantity(&container.cpu_request, &container.cpu_limit)}</dd>
                </div>
                <div>
                    <dt>"Memory"</dt>
                    <dd>{quantity(&container.memory_request, &container.memory_limit)}</dd>
                </div>
                {ports}
                {env}
            </dl>
        </div>
    }
}
