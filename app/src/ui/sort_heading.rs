//! A table heading that sorts, as a link.

use leptos::prelude::*;

use super::{Icon, Shape};

/// Which way a column is sorted.
#[component]
pub fn SortHeading(
    label: &'static str,
    /// Leads to the same list, sorted by this column (the other way round when it already is).
    href: String,
    /// `None` when the list is sorted by another column.
    descending: Option<bool>,
    #[prop(optional)] number: bool,
) -> impl IntoView {
    let sorted = descending.map(|descending| if descending { "descending" } else { "ascending" });
    let shape = descending.map(|descending| if descending { Shape::Down } else { Shape::Up });
    view! {
        <th scope="col" aria-sort=sorted class:number=number>
            <a href=href>{label} {shape.map(|shape| view! { <Icon shape=shape/> })}</a>
        </th>
    }
}
