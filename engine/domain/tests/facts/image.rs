//! Facts about images: image + tail = full replay, and no changed byte goes unnoticed (I6, I12).

use crate::apart::apart;
use crate::digest::{carded, eventful};
use crate::gift::gifted;
use crate::given::story::story;
use crate::given::{Unloaded, loaded, loaded_catalog, rebuilt, rebuilt_catalog, saved, saved_catalog};
use crate::legacy::imported;
use crate::pool::pooled;
use crate::resume::resumed;
use crate::template_void::voided;
use tessera_domain::image::NotAnImage;

#[test]
fn an_image_and_the_tail_after_it_make_what_the_whole_journal_makes() {
    let world = eventful();
    for world in [&world, &gifted(), &pooled(), &voided(), &imported(), &apart(), &resumed()] {
        for frames in 0..=world.frames.len() {
            let (covered, tail) = world.frames.split_at(frames);
            let covered = rebuilt(covered);
            let mut partition = loaded(&saved(&covered), covered.digest()).expect("an image of ours is read back");
            for frame in tail {
                partition.replay(&frame.payload, frame.time_ms, frame.digest).expect("I6: the tail replays to its digests");
            }
            assert_eq!(partition.digest(), world.partition.digest());
        }
    }
    for frames in 0..=world.catalog_frames.len() {
        let (covered, tail) = world.catalog_frames.split_at(frames);
        let covered = rebuilt_catalog(covered);
        let mut catalog = loaded_catalog(&saved_catalog(&covered), covered.digest()).expect("an image of ours is read back");
        for frame in tail {
            catalog.replay(&frame.payload, frame.time_ms, frame.digest).expect("I6: the tail replays to its digests");
        }
        assert_eq!(catalog.digest(), world.catalog.digest());
    }
}

#[test]
fn the_image_of_a_loaded_state_is_the_image_it_was_loaded_from() {
    let world = eventful();
    let chunks = saved(&world.partition);
    assert_eq!(saved(&loaded(&chunks, world.partition.digest()).expect("an image of ours is read back")), chunks);
    let chunks = saved_catalog(&world.catalog);
    assert_eq!(saved_catalog(&loaded_catalog(&chunks, world.catalog.digest()).expect("an image of ours is read back")), chunks);
}

/// The first count stands with the user and the others beside; in the image all stand by rising key, whatever came first.
#[test]
fn counts_of_several_templates_come_back_and_limits_hold_after_it() {
    let mut world = story(
        "template a off 100 10 t1 limit=1
         template b off 100 10 t2 limit=2
         template c off 100 10 t3 limit=1
         claim alice c r1
         claim alice a r2
         claim alice b r3
         claim bob b r1
         claim carol c r1
         claim bob a r2
         claim bob b r3",
    );
    let chunks = saved(&world.partition);
    let counts = chunks.iter().find(|chunk| chunk[..2] == [5, 0]).expect("a section of claim counts");
    // User and template, then how many: of alice, bob and carol.
    let row = |user: u8, template: u8, claimed: u8| match user {
        0 => vec![template, 1, claimed],
        _ => vec![0x80 | template, 0x80, 0x80, 0x80, 0x10 * user, 1, claimed],
    };
    let rows = [row(0, 0, 1), row(0, 1, 1), row(0, 2, 1), row(1, 0, 1), row(1, 1, 2), row(2, 2, 1)].concat();
    assert_eq!(counts[2..], rows);
    world.restart();
    assert_eq!(saved(&world.partition), chunks);
    world.tell(
        "claim alice a r4 => USER_LIMIT_REACHED 1
         claim bob b r4 => USER_LIMIT_REACHED 2
         claim carol c r4 => USER_LIMIT_REACHED 1
         claim alice b r5
         claim alice b r6 => USER_LIMIT_REACHED 2
         claim carol a r5
         claim bob c r5",
    );
}

/// Every chunk with one bit changed, or cut short: refused, or told apart by its digest.
fn check_damage<S>(chunks: &[Vec<u8>], digest: u64, load: impl Fn(&[Vec<u8>], u64) -> Result<S, Unloaded>) {
    let (mut refused, mut told_apart) = (0, 0);
    for chunk in 0..chunks.len() {
        let flips = (0..chunks[chunk].len() * 8).map(|bit| {
            let mut damaged = chunks.to_vec();
            damaged[chunk][bit / 8] ^= 1 << (bit % 8);
            damaged
        });
        let cuts = (0..chunks[chunk].len()).map(|length| {
            let mut damaged = chunks.to_vec();
            damaged[chunk].truncate(length);
            damaged
        });
        for damaged in flips.chain(cuts) {
            match load(&damaged, digest) {
                Err(Unloaded::Refused(_)) => refused += 1,
                Err(Unloaded::OtherDigest(_)) => told_apart += 1,
                Ok(_) => panic!("I12: chunk {chunk} was changed and nobody noticed"),
            }
        }
    }
    assert!(refused > 0 && told_apart > 0, "{refused} refused, {told_apart} told apart");
}

#[test]
fn no_bit_of_an_image_changes_and_no_byte_is_lost_without_another_digest() {
    let world = eventful();
    check_damage(&saved(&world.partition), world.partition.digest(), loaded);
    let gifted = gifted();
    check_damage(&saved(&gifted.partition), gifted.partition.digest(), loaded);
    check_damage(&saved_catalog(&world.catalog), world.catalog.digest(), loaded_catalog);
    for world in [carded(), imported(), pooled(), apart()] {
        check_damage(&saved(&world.partition), world.partition.digest(), loaded);
    }
}

#[test]
fn a_section_of_a_later_build_is_refused_by_its_number() {
    assert!(matches!(loaded(&[vec![0xee, 0x01]], 0), Err(Unloaded::Refused(NotAnImage::Section(0x01ee)))));
    assert!(
        matches!(loaded(&[vec![16, 0]], 0), Err(Unloaded::Refused(NotAnImage::Section(16)))),
        "templates belong to the catalog"
    );
    assert!(
        matches!(loaded_catalog(&[vec![4, 0]], 0), Err(Unloaded::Refused(NotAnImage::Section(4)))),
        "coupons belong to a partition"
    );
}

/// Such chunks have right checksums only if a writer made them so. The clock once stopped the process there, instead of being refused.
#[test]
fn a_clock_behind_what_it_numbers_is_refused() {
    let world = story(
        "template cash off 10000 2000 t
         claim alice cash r1",
    );
    let of_section = |chunks: &[Vec<u8>], section: u8| chunks.iter().find(|chunk| chunk[..2] == [section, 0]).cloned();
    let (clock, requests) = (1, 8);
    let chunks = saved(&world.partition);
    let late = [requests, clock].map(|section| of_section(&chunks, section).expect("there is such a chunk"));
    assert!(matches!(loaded(&late, 0), Err(Unloaded::Refused(NotAnImage::Row { section: 1, .. }))));
    let chunks = saved_catalog(&world.catalog);
    let late = [requests, clock].map(|section| of_section(&chunks, section).expect("there is such a chunk"));
    assert!(matches!(loaded_catalog(&late, 0), Err(Unloaded::Refused(NotAnImage::Row { section: 1, .. }))));
}
