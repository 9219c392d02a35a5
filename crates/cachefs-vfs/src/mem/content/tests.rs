use super::*;

const UNLIMITED: u64 = u64::MAX;

/// Runs random changes against a plain vector.
#[test]
fn it_agrees_with_a_plain_vector() {
    let quota = Quota::new(UNLIMITED);
    let (mut content, mut plain) = (Content::default(), Vec::<u8>::new());
    let mut state = 3_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for step in 0..4000_u64 {
        let (offset, length) = (random(300_000), random(90_000));
        let range = offset..offset + length;
        let clipped = (offset as usize).min(plain.len())..((offset + length) as usize).min(plain.len());
        let page = random(plain.len() as u64 / PAGE + 1) * PAGE;
        match random(7) {
            0 | 1 => {
                let bytes = vec![(step % 255) as u8 + 1; length as usize];
                assert_eq!(content.write(&bytes, offset, &quota), bytes.len());
                if length > 0 {
                    plain.resize(plain.len().max(range.end as usize), 0);
                    plain[offset as usize..range.end as usize].copy_from_slice(&bytes);
                }
            }
            2 => {
                content.set_size(offset, &quota);
                plain.resize(offset as usize, 0);
            }
            3 => {
                content.punch(range, &quota);
                plain[clipped].fill(0);
            }
            4 => {
                assert!(content.zero(range, &quota));
                plain[clipped].fill(0);
            }
            5 if page + 2 * PAGE < plain.len() as u64 => {
                content.collapse(page..page + 2 * PAGE, &quota);
                plain.drain(page as usize..(page + 2 * PAGE) as usize);
            }
            6 if page < plain.len() as u64 && plain.len() < 400_000 => {
                content.insert(page, 3 * PAGE);
                plain.splice(page as usize..page as usize, [0; 3 * PAGE as usize]);
            }
            _ => assert!(content.reserve(range, &quota)),
        }
        check(&content, &plain, &quota);
    }
}

fn check(content: &Content, plain: &[u8], quota: &Quota) {
    let mut bytes = vec![255; plain.len() + 10];
    assert_eq!(content.read(&mut bytes, 0), plain.len());
    assert!(bytes[..plain.len()] == *plain, "other bytes");
    assert_eq!(content.size(), plain.len() as u64);
    assert_eq!(UNLIMITED - quota.free_of(UNLIMITED), content.pages(), "what is paid for is what is used");
    for (index, page) in plain.chunks(PAGE as usize).enumerate() {
        let hole = content.data.gaps(&(index as u64..index as u64 + 1)).len() == 1;
        assert!(!hole || page.iter().all(|&byte| byte == 0), "bytes in a hole");
    }
}

#[test]
fn holes_are_found_at_page_granularity() {
    let quota = Quota::new(UNLIMITED);
    let mut content = Content::default();
    content.write(b"x", 10 * PAGE + 5, &quota);
    content.set_size(20 * PAGE, &quota);
    assert_eq!(content.seek(0, SeekTo::Data), Some(10 * PAGE));
    assert_eq!(content.seek(10 * PAGE + 7, SeekTo::Data), Some(10 * PAGE + 7));
    assert_eq!(content.seek(10 * PAGE, SeekTo::Hole), Some(11 * PAGE));
    assert_eq!(content.seek(11 * PAGE, SeekTo::Data), None);
    assert_eq!(content.seek(20 * PAGE, SeekTo::Hole), None);
    assert_eq!(content.pages(), 1);
}

#[test]
fn a_full_quota_cuts_a_write_short_and_a_reservation_counts() {
    let quota = Quota::new(3);
    let mut content = Content::default();
    assert!(content.reserve(0..2 * PAGE, &quota));
    assert!(!content.reserve(0..4 * PAGE, &quota));
    assert_eq!(content.write(&[1; 5 * PAGE as usize], 100, &quota), 3 * PAGE as usize - 100);
    assert_eq!(content.size(), 3 * PAGE);
    assert_eq!(content.write(b"x", 3 * PAGE, &quota), 0);
    assert_eq!(content.size(), 3 * PAGE);
    content.punch(0..PAGE, &quota);
    assert_eq!(content.write(b"x", 3 * PAGE, &quota), 1);
}
