//! The record of any resource: where it stands, what it says, its newest commits.

mod api;
mod page;

pub use page::RecordPage;

use model::record::RecordRef;

use crate::address::encode;

/// Returns the address of a record's page.
pub fn address_of(target: &RecordRef) -> String {
    let name = encode(target.name.as_str());
    format!("/records/{}/{}/{name}", target.kind.qualified(), target.namespace_in_address())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_fits_into_an_address() {
        let target = RecordRef::parse("ClusterRole.rbac.authorization.k8s.io", "_cluster", "system:a?b").unwrap();
        assert_eq!(address_of(&target), "/records/ClusterRole.rbac.authorization.k8s.io/_cluster/system%3Aa%3Fb");
    }
}
