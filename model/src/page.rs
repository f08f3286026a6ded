//! Lists are cut into pages by the server.

use serde::{Deserialize, Serialize};

/// The page a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PageRequest {
    /// Counts from 1.
    pub number: u32,
    /// 1 to 200 rows.
    pub size: u32,
}

/// One page of a list and how long the whole list is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Rows in the whole filtered list.
    pub total: u64,
    pub number: u32,
    pub size: u32,
    /// While not all of a long list was searched: so many of its newest rows were, and `total` counts what fits in them.
    /// Whoever asks again gets further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<u64>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { number: 1, size: 50 }
    }
}

impl PageRequest {
    /// Brings number and size into their bounds.
    pub fn clamped(self) -> Self {
        Self { number: self.number.max(1), size: self.size.clamp(1, 200) }
    }

    /// Returns how many rows come before this page.
    pub fn offset(self) -> usize {
        let page = self.clamped();
        (page.number as usize - 1).saturating_mul(page.size as usize)
    }
}

impl<T> Page<T> {
    /// Cuts one page from the whole list.
    pub fn cut(all: impl ExactSizeIterator<Item = T>, request: PageRequest) -> Self {
        let request = request.clamped();
        let total = all.len() as u64;
        let items = all.skip(request.offset()).take(request.size as usize).collect();
        Self { items, total, number: request.number, size: request.size, searched: None }
    }

    /// Returns the number of pages, at least 1.
    pub fn count(&self) -> u32 {
        let pages = self.total.div_ceil(u64::from(self.size.max(1))).max(1);
        u32::try_from(pages).unwrap_or(u32::MAX)
    }

    /// Turns each row into something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            total: self.total,
            number: self.number,
            size: self.size,
            searched: self.searched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_holds_the_rest() {
        let page = Page::cut(0..7, PageRequest { number: 3, size: 3 });
        assert_eq!((page.items, page.total), (vec![6], 7));
    }

    #[test]
    fn a_page_past_the_end_is_empty_and_zero_means_the_first() {
        assert!(Page::cut(0..7, PageRequest { number: u32::MAX, size: 200 }).items.is_empty());
        assert_eq!(Page::cut(0..7, PageRequest { number: 0, size: 0 }).items, vec![0]);
    }
}
