//! Snapshots on the page of metrics: what there is of them, the last round, and the one under way.
//!
//! No labels: journals are as many as partitions, and which of them failed is said by `snapshot status`.

use tessera_proto::v1::SnapshotStatus;

use super::text::{Kind::*, Text};

/// Tells it. Of the last round nothing is said before the first.
pub fn tell(status: &SnapshotStatus, text: &mut Text) {
    let running = status.running.unwrap_or_default();
    text.family("snapshot_rounds_total", Counter, "Rounds of snapshots that are over.").sample(&[], status.rounds);
    let help = "Journals that a round failed on: their log stays as long as it is.";
    text.family("snapshot_failures_total", Counter, help).sample(&[], status.failures);
    for (name, help, value) in [
        ("snapshot_images", "Images that the manifest names.", u64::from(status.images)),
        ("snapshot_image_bytes", "Bytes of their files.", status.image_bytes),
        ("snapshot_running", "1 while a round is under way.", u64::from(status.running.is_some())),
        ("snapshot_running_journals_done", "Journals that it has done.", u64::from(running.journals_done)),
        ("snapshot_running_journals", "Journals that it has in all.", u64::from(running.journals)),
        ("snapshot_running_frames", "Frames that it has folded in.", running.frames),
        ("log_archived_segments", "Segments in the archive.", status.archived_segments),
        ("log_archived_bytes", "Bytes of their files.", status.archived_bytes),
    ] {
        text.family(name, Gauge, help).sample(&[], value);
    }
    let Some(last) = &status.last else { return };
    let seconds = |ms: i64| ms as f64 / 1e3;
    let help = "Since the last round ended.";
    text.family("snapshot_last_age_seconds", Gauge, help).sample(&[], seconds(status.last_age_ms));
    text.family("snapshot_last_duration_seconds", Gauge, "How long it took.").sample(&[], seconds(last.took_ms));
    for (name, help, value) in [
        ("snapshot_last_images", "New images of the last round.", u64::from(last.images)),
        ("snapshot_last_image_bytes", "Bytes of their files.", last.image_bytes),
        ("snapshot_last_failures", "Journals that the last round failed on.", u64::from(last.failures)),
    ] {
        text.family(name, Gauge, help).sample(&[], value);
    }
}

#[cfg(test)]
mod tests {
    use tessera_proto::v1::RoundStatus;

    use super::*;

    fn told(status: &SnapshotStatus) -> String {
        let mut text = Text::default();
        tell(status, &mut text);
        text.finish()
    }

    #[test]
    fn the_last_round_is_told_once_there_is_one() {
        let none = told(&SnapshotStatus { images: 7, ..Default::default() });
        assert!(none.contains("tessera_snapshot_images 7\n") && !none.contains("snapshot_last"), "{none}");
        let last = Some(RoundStatus { took_ms: 1_500, failures: 2, ..Default::default() });
        let some = told(&SnapshotStatus { last, last_age_ms: 3_000, ..Default::default() });
        for line in ["snapshot_last_age_seconds 3\n", "snapshot_last_duration_seconds 1.5\n", "snapshot_last_failures 2\n"] {
            assert!(some.contains(line), "{line} is not in {some}");
        }
    }

    #[test]
    fn a_round_under_way_shows_how_far_it_is() {
        let running = Some(RoundStatus { journals_done: 3, journals: 17, frames: 99, ..Default::default() });
        let text = told(&SnapshotStatus { running, ..Default::default() });
        for line in ["snapshot_running 1\n", "journals_done 3\n", "running_journals 17\n", "running_frames 99\n"] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
