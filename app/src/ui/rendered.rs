//! What the components render on the server.

use leptos::prelude::*;
use model::diff::{Diff, Hunk, Line, Mark, Part};
use model::health::{Health, HealthState};
use model::sync::{RecordInfo, RecordState};

use super::*;
use crate::AppError;

const ATTACK: &str = "</textarea></title><script>alert(1)</script>&amp;\"";

fn render<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    Owner::new().with(|| view().to_html())
}

#[test]
fn text_cannot_end_a_textarea() {
    let html = render(|| view! { <SafeTextarea id="a".to_owned() name="yaml" text=ATTACK.to_owned() code=true/> });
    assert_eq!(html.matches("</textarea>").count(), 1);
    assert!(!html.contains("<script"));
    insta::assert_snapshot!("textarea", html);
}

#[test]
fn text_cannot_end_the_title() {
    let title = page_title::shown(ATTACK);
    assert!(!title.contains(['<', '>']), "{title}");
}

#[test]
fn a_field_says_what_is_wrong_with_it() {
    let html = render(|| {
        let problem = Signal::stored(Some(AppError::field("image", "An image has a name.")));
        view! {
            <Field form="f" name="form[image]" error_name="image" label="Image" hint="With a tag." value="<b>" required=true problem=problem/>
        }
    });
    insta::assert_snapshot!("field", html);
}

#[test]
fn the_summary_leads_to_the_fields() {
    let html = render(|| {
        let error =
            model::Error::new(model::ErrorKind::Invalid, "The form has errors.").with_field("image", "No name.");
        let problem = Signal::stored(Some(AppError::from(error)));
        view! { <FormErrors form="deployment" prefix="form" problem=problem/> }
    });
    insta::assert_snapshot!("form_errors", html);
}

#[test]
fn a_state_is_icon_word_and_colour() {
    let html = render(|| {
        view! { <HealthBadge health=Health::new(HealthState::Failed, "Image <x> cannot be pulled.") with_reason=true/> }
    });
    insta::assert_snapshot!("health", html);
}

#[test]
fn a_record_says_where_it_is_or_why_not() {
    let info = RecordInfo {
        state: RecordState::Recorded,
        path: Some("clusters/<test>/shop/deployment/api.yaml".into()),
        commit: Some("abc1234".repeat(6)[..40].parse().unwrap()),
        at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..RecordInfo::unknown("")
    };
    let html = render(|| view! { <RecordLine record=info/> });
    insta::assert_snapshot!("record", html);
    let left_out = RecordInfo { state: RecordState::Ignored, ..RecordInfo::unknown("Its controller makes it.") };
    let html = render(|| view! { <RecordLine record=left_out/> });
    insta::assert_snapshot!("record_ignored", html);
}

#[test]
fn a_diff_shows_sides_numbers_and_words() {
    let part = |text: &str, changed| Part { text: text.into(), changed };
    let line = |mark, parts| Line { mark, parts };
    let html = render(|| {
        let lines = vec![
            line(Mark::Same, vec![part("spec:", false)]),
            line(Mark::Removed, vec![part("  replicas: ", false), part("3", true)]),
            line(Mark::Added, vec![part("  replicas: ", false), part("<5>", true)]),
        ];
        let hunks = vec![Hunk { old_start: 4, new_start: 4, lines }];
        view! { <DiffView diff=Diff { summary: vec!["replicas 3 -> 5".into()], hunks }/> }
    });
    insta::assert_snapshot!("diff", html);
}

#[test]
fn a_time_is_absolute_before_any_script_runs() {
    let html = render(|| view! { <Age at="2026-11-23T09:00:00Z".parse().unwrap()/> });
    insta::assert_snapshot!("age", html);
}

#[test]
fn a_sorted_column_says_so() {
    let html = render(|| {
        view! {
            <table>
                <thead>
                    <tr>
                        <SortHeading label="Name" href="/deployments?desc=1".to_owned() descending=Some(false)/>
                    </tr>
                </thead>
            </table>
        }
    });
    insta::assert_snapshot!("sort_heading", html);
}
