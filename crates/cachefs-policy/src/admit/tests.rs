use super::*;

#[test]
fn a_second_touch_comes_in_and_a_first_one_does_not() {
    for kind in [AdmitKind::Doorkeeper, AdmitKind::Cuckoo] {
        let mut admit = Admit::new(kind, 100);
        assert!(!admit.on_miss(1, Some(2)), "{kind}");
        assert!(admit.on_miss(1, Some(2)), "{kind}");
    }
}

#[test]
fn who_was_used_more_often_than_the_victim_comes_in() {
    let mut admit = Admit::new(AdmitKind::TinyLfu, 100);
    assert!(admit.on_miss(2, None));
    admit.on_hit(2);
    assert!(!admit.on_miss(1, Some(2)), "1 against 2");
    assert!(!admit.on_miss(1, Some(2)), "2 against 2");
    assert!(admit.on_miss(1, Some(2)), "3 against 2");
}

#[test]
fn with_room_everything_comes_in_and_is_noted() {
    for kind in AdmitKind::ALL {
        let mut admit = Admit::new(kind, 100);
        assert!(admit.on_miss(1, None), "{kind}");
        assert!(admit.on_miss(1, Some(2)), "{kind}: the second time");
    }
}

#[test]
fn without_admission_everything_comes_in() {
    assert!(Admit::new(AdmitKind::None, 100).on_miss(1, Some(2)));
}
