//! Deployments: the list, one of them with its tabs, a new one, and changes with a preview.

mod actions;
mod api;
mod containers;
mod detail_page;
mod draft_api;
mod draft_review;
mod edit_page;
mod events_tab;
mod form;
mod history_tab;
mod list_page;
mod list_query;
mod new_page;
mod overview_tab;
mod pods_tab;
mod rollout;
mod row;
mod undo_bar;
mod yaml_tab;

pub use api::list_deployments;
pub use detail_page::{DeploymentPage, Tab};
pub use edit_page::EditPage;
pub use list_page::ListPage;
pub use new_page::NewPage;

use model::deployment::DeploymentRef;

/// Returns the address of a Deployment's page.
pub fn address_of(target: &DeploymentRef) -> String {
    format!("/deployments/{}/{}", target.namespace, target.name)
}

/// Returns the part of an image that tells versions apart: its tag, or the beginning of its digest.
fn version_of(image: &str) -> &str {
    let after_path = image.rsplit('/').next().unwrap_or(image);
    if let Some((_, digest)) = after_path.split_once('@') {
        return digest.get(..19).unwrap_or(digest);
    }
    after_path.split_once(':').map_or("latest", |(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_tag_or_the_digest() {
        let images = [
            ("nginx", "latest"),
            ("registry:5000/shop/api:1.4.2", "1.4.2"),
            ("registry:5000/shop/api", "latest"),
            ("shop/api@sha256:0123456789abcdef0123", "sha256:0123456789ab"),
        ];
        for (image, version) in images {
            assert_eq!(version_of(image), version);
        }
    }
}
