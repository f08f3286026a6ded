//! The list's state in its address.

use leptos_router::params::ParamsMap;
use model::PageRequest;
use model::deployment::{DeploymentQuery, DeploymentSort};

use crate::address::Address;

/// Reads the address; what makes no sense is left out.
pub fn read(query: &ParamsMap) -> DeploymentQuery {
    let text = |name: &str| query.get(name).unwrap_or_default();
    DeploymentQuery {
        namespace: text("namespace").parse().ok(),
        filter: text("q").chars().take(200).collect(),
        sort: DeploymentSort::from_address(&text("sort")),
        descending: text("desc") == "1",
        page: PageRequest { number: text("page").parse().unwrap_or(1).max(1), ..PageRequest::default() },
    }
}

/// Writes the address that shows this.
pub fn write(query: &DeploymentQuery) -> String {
    let sort = if query.sort == DeploymentSort::default() { "" } else { query.sort.as_str() };
    Address::new("/deployments")
        .with("namespace", query.namespace.as_ref().map(|namespace| namespace.as_str()).unwrap_or_default())
        .with("q", &query.filter)
        .with("sort", sort)
        .with_flag("desc", query.descending)
        .with_page(query.page.number)
        .to_string()
}

/// Sorts by a column, or the other way round when the list already is; begins at the first page.
pub fn sorted_by(query: &DeploymentQuery, sort: DeploymentSort) -> DeploymentQuery {
    let descending = query.sort == sort && !query.descending;
    DeploymentQuery { sort, descending, page: PageRequest::default(), ..query.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_all_of_it_and_comes_back_the_same() {
        let query = DeploymentQuery {
            namespace: Some("shop".parse().unwrap()),
            filter: "api & web".into(),
            sort: DeploymentSort::Health,
            descending: true,
            page: PageRequest { number: 3, ..PageRequest::default() },
        };
        assert_eq!(write(&query), "/deployments?namespace=shop&q=api%20%26%20web&sort=health&desc=1&page=3");
        let map: ParamsMap =
            [("namespace", "shop"), ("q", "api & web"), ("sort", "health"), ("desc", "1"), ("page", "3")]
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect();
        assert_eq!(read(&map), query);
    }

    #[test]
    fn nonsense_shows_the_plain_list() {
        let map: ParamsMap = [("namespace", "SHOP!"), ("sort", "x"), ("page", "-4")]
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        assert_eq!(read(&map), DeploymentQuery::default());
        assert_eq!(write(&read(&map)), "/deployments");
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let once = sorted_by(&DeploymentQuery::default(), DeploymentSort::Ready);
        assert!(!once.descending && sorted_by(&once, DeploymentSort::Ready).descending);
        assert!(sorted_by(&DeploymentQuery::default(), DeploymentSort::Name).descending);
    }
}
