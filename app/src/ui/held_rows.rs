//! Rows that stay where they are while the list behind them lives.

use leptos::prelude::*;

/// Remembers which rows a query showed first, and in which order.
///
/// Live updates change these in place; what is new waits until somebody asks for it, so that no row moves from under
/// the pointer.
pub struct HeldRows<Query: 'static, Key: 'static> {
    first: StoredValue<Option<(Query, Vec<Key>)>>,
    asked: RwSignal<u32>,
}

impl<Query: 'static, Key: 'static> Clone for HeldRows<Query, Key> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Query: 'static, Key: 'static> Copy for HeldRows<Query, Key> {}

impl<Query, Key> HeldRows<Query, Key>
where
    Query: Clone + PartialEq + Send + Sync + 'static,
    Key: PartialEq + Send + Sync + 'static,
{
    /// Must be called in a page, outside of what waits for resources.
    pub fn new() -> Self {
        Self { first: StoredValue::new(None), asked: RwSignal::new(0) }
    }

    /// Returns the rows to show, and how many wait.
    pub fn arrange<Row>(self, query: &Query, rows: Vec<Row>, key: impl Fn(&Row) -> Key) -> (Vec<Row>, usize) {
        self.asked.track();
        let order = self.first.with_value(|first| {
            let (of, order) = first.as_ref()?;
            (of == query).then(|| places(order, &rows, &key))
        });
        match order {
            Some(places) if places.iter().any(Option::is_some) => arranged(places, rows),
            _ => {
                self.first.set_value(Some((query.clone(), rows.iter().map(key).collect())));
                (rows, 0)
            }
        }
    }

    /// Forgets the order, so that all rows are shown as they are.
    pub fn show(self) {
        self.first.set_value(None);
        self.asked.update(|asked| *asked = asked.wrapping_add(1));
    }
}

/// Finds each row's place in the order; `None` for a new one.
fn places<Row, Key: PartialEq>(order: &[Key], rows: &[Row], key: impl Fn(&Row) -> Key) -> Vec<Option<usize>> {
    rows.iter()
        .map(|row| {
            let key = key(row);
            order.iter().position(|first| *first == key)
        })
        .collect()
}

fn arranged<Row>(places: Vec<Option<usize>>, rows: Vec<Row>) -> (Vec<Row>, usize) {
    let all = rows.len();
    let mut placed: Vec<_> = places.into_iter().zip(rows).filter_map(|(place, row)| Some((place?, row))).collect();
    placed.sort_by_key(|(place, _)| *place);
    let waiting = all - placed.len();
    (placed.into_iter().map(|(_, row)| row).collect(), waiting)
}

/// Says that rows wait, and shows them.
#[component]
pub fn WaitingRows(count: usize, show: Callback<()>) -> impl IntoView {
    (count > 0).then(|| {
        view! {
            <p class="waiting-rows" role="status">
                {format!("{count} new · ")}
                <button type="button" class="button small" on:click=move |_| show.run(())>
                    "show"
                </button>
            </p>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_and_new_ones_wait_until_asked_for() {
        Owner::new().with(|| {
            let held = HeldRows::<&str, char>::new();
            let rows = |text: &str| text.chars().collect::<Vec<_>>();
            let arrange = |query, text| held.arrange(&query, rows(text), |row| *row);
            assert_eq!(arrange("by name", "bcd"), (rows("bcd"), 0));
            assert_eq!(arrange("by name", "abdc"), (rows("bcd"), 1));
            assert_eq!(arrange("by name", "ad"), (rows("d"), 1), "what is gone goes");
            held.show();
            assert_eq!(arrange("by name", "adc"), (rows("adc"), 0));
            assert_eq!(arrange("by age", "ca"), (rows("ca"), 0), "another query is another list");
            assert_eq!(arrange("by age", "xy"), (rows("xy"), 0), "nothing of the old is left to hold on to");
        });
    }
}
