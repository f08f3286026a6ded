//! One actor, one thing, one commit.

use super::*;

const SILENCE: Duration = Duration::from_secs(2);

fn change(name: &str) -> Change {
    let text = format!("name: {name}\n");
    Change {
        resource: ResourceRef {
            cluster: "sandbox".parse().unwrap(),
            kind: model::Kind::deployment(),
            namespace: Some("shop".parse().unwrap()),
            name: name.parse().unwrap(),
        },
        path: format!("{name}.yaml"),
        resource_version: "1".into(),
        content: Some(Content {
            beside: None,
            blob: crate::repository::blob_id(text.as_bytes()).unwrap(),
            text: text.into(),
            sealed: false,
            credentials: Vec::new(),
            left_out: Vec::new(),
        }),
        verb: Verb::Observe,
        causes: Vec::new(),
        impersonator: None,
        seen_at: Timestamp::UNIX_EPOCH,
    }
}

fn by(name: &str) -> Attribution {
    Attribution { actor: Actor::User(name.parse().unwrap()), causes: Vec::new(), impersonator: None }
}

fn ready(window: &mut Window) -> Vec<(String, usize)> {
    window.take_ready().iter().map(|group| (group.actor.to_string(), group.changes.len())).collect()
}

#[test]
fn silence_ends_a_group_and_age_does_too() {
    let (mut window, start) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    window.add(change("a"), by("ada"), start);
    window.add(change("b"), by("ada"), start + Duration::from_secs(1));
    window.close_due(start + Duration::from_millis(2_900), false);
    assert!(!window.has_ready());
    window.close_due(start + Duration::from_secs(3), false);
    assert_eq!(ready(&mut window), [("ada".into(), 2)]);

    for second in 0..30 {
        window.add(change("a"), by("ada"), start + Duration::from_secs(second));
        window.close_due(start + Duration::from_secs(second), false);
    }
    assert_eq!(ready(&mut window).len(), 1, "at most ten silences");
}

#[test]
fn no_commit_mixes_actors() {
    let (mut window, now) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    for (name, actor) in [("a", "ada"), ("b", "ada"), ("a", "bob"), ("c", "ada")] {
        window.add(change(name), by(actor), now);
    }
    window.close_all();
    assert_eq!(ready(&mut window), [("ada".into(), 2), ("bob".into(), 1), ("ada".into(), 1)]);
}

#[test]
fn actors_who_take_turns_have_a_commit_each() {
    let (mut window, start) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    for (second, (name, actor)) in [("a", "ada"), ("b", "bob"), ("c", "ada"), ("d", "bob")].into_iter().enumerate() {
        window.add(change(name), by(actor), at(second as u64));
        window.close_due(at(second as u64), false);
    }
    assert_eq!((window.has_ready(), window.silent()), (false, 4));
    window.close_due(at(4), false);
    assert_eq!((ready(&mut window), window.silent()), (vec![("ada".into(), 2)], 2));
    assert_eq!(window.next_due(false), Some(at(5)));
    window.close_due(at(5), false);
    assert_eq!(ready(&mut window), [("bob".into(), 2)]);
}

#[test]
fn without_a_window_each_change_is_a_commit() {
    let (mut window, now) = (Window::new(Duration::ZERO, Duration::ZERO), Instant::now());
    window.add(change("a"), by("ada"), now);
    window.add(change("a"), by("ada"), now);
    assert_eq!(ready(&mut window).len(), 2);
}

#[test]
fn what_is_found_is_one_commit_however_long_the_lists_take() {
    let (mut window, now) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    window.add_found(change("a"), Origin::Found, now);
    window.add_found(change("b"), Origin::Found, now + Duration::from_secs(20));
    window.close_due(now + Duration::from_secs(40), true);
    assert!(!window.has_ready());
    window.add(change("c"), by("ada"), now + Duration::from_secs(40));
    window.add(change("a"), by("ada"), now + Duration::from_secs(40));
    window.close_all();
    assert_eq!(ready(&mut window), [("denshimon".into(), 2), ("ada".into(), 2)], "found before changed");
}

#[test]
fn causes_add_up_and_nothing_is_lost_when_put_back() {
    let (mut window, now) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    for id in ["1", "2", "2"] {
        let cause = Cause {
            resource_version: None,
            id: id.into(),
            actor: by("ada").actor,
            email: None,
            verb: Verb::Scale,
            summary: String::new(),
            reason: String::new(),
        };
        window.add(Change { causes: vec![cause], ..change("a") }, by("ada"), now);
    }
    window.close_all();
    let groups = window.take_ready();
    let ids: Vec<_> = groups[0].changes["a.yaml"].causes.iter().map(|cause| cause.id.clone()).collect();
    assert_eq!(ids, ["1", "2"]);
    window.add(change("b"), by("bob"), now);
    window.put_back(groups);
    window.close_all();
    assert_eq!(ready(&mut window), [("ada".into(), 1), ("bob".into(), 1)]);
}

#[test]
fn what_is_recorded_anew_is_one_commit_after_what_people_did_before() {
    let (mut window, now) = (Window::new(SILENCE, SILENCE * 10), Instant::now());
    window.add_found(change("a"), Origin::Found, now);
    window.add(change("b"), by("ada"), now);
    for name in ["b", "c"] {
        window.add_found(change(name), Origin::Anew, now);
    }
    window.close_due(now + Duration::from_secs(1), false);
    let expect = [("ada".to_owned(), 1), ("denshimon".to_owned(), 1), ("denshimon".to_owned(), 2)];
    assert_eq!(ready(&mut window), expect);
}
