//! One Deployment in a list.

use leptos::prelude::*;
use model::deployment::DeploymentSummary;

use super::{address_of, version_of};
use crate::ui::{Age, HealthBadge, RecordBadge};

/// A row of the table; a block with labels on narrow screens.
#[component]
pub fn DeploymentRow(row: DeploymentSummary) -> impl IntoView {
    let images = row
        .images
        .iter()
        .map(|image| view! { <span class="image" title=image.clone()>{version_of(image).to_owned()}</span> })
        .collect_view();
    let changed = row.changed_at.map(|at| view! { <Age at=at/> });
    let by = row.changed_by.clone().map(|by| format!(" by {by}"));
    view! {
        <tr>
            <th scope="row" data-label="Name" class="name">
                <a href=address_of(&row.target)>{row.target.name.to_string()}</a>
            </th>
            <td data-label="Namespace" class="name">{row.target.namespace.to_string()}</td>
            <td data-label="Health">
                <HealthBadge health=row.health with_reason=true/>
            </td>
            <td data-label="Ready" class="number">{format!("{}/{}", row.ready, row.desired)}</td>
            <td data-label="Image" class="images">{images}</td>
            <td data-label="Changed">{changed} {by}</td>
            <td data-label="Record">
                <RecordBadge record=row.record/>
            </td>
        </tr>
    }
}
