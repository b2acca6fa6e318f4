//! The board: everything on one screen, from the server as a whole down to its partitions.
//!
//! A widget that is drawn on a terminal; written as text it is as wide and high as it needs to be.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::{Row, Table, Widget},
};
use tessera_proto::v1;

use super::change::{Change, MethodChange, PartitionChange, Percentiles, ShardChange};

/// Columns of a board written as text.
const TEXT_COLUMNS: u16 = 110;

/// Reasons that are shown.
const REASONS_SHOWN: usize = 5;

/// Between two columns of a table.
const COLUMN_SPACING: u16 = 2;

/// By what partitions are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Their number.
    Number,
    /// Events a second, most first.
    Events,
    /// Coupons, most first.
    Coupons,
}

impl Sort {
    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Number => Self::Events,
            Self::Events => Self::Coupons,
            Self::Coupons => Self::Number,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Events => "events",
            Self::Coupons => "coupons",
        }
    }
}

/// What is shown.
pub struct Board {
    /// The server.
    pub change: Change,
    /// The order of its partitions.
    pub sort: Sort,
    /// Whether it stands still.
    pub is_paused: bool,
}

impl Board {
    /// The board as lines.
    pub fn text(&self) -> String {
        let area = Rect::new(0, 0, TEXT_COLUMNS, self.rows());
        let mut buffer = Buffer::empty(area);
        self.render(area, &mut buffer);
        let line = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(|y| line(y).trim_end().to_owned() + "\n").collect()
    }

    fn rows(&self) -> u16 {
        self.sections().iter().map(|(_, rows)| rows).sum()
    }

    /// Each section and how many rows it takes, an empty one at its end included.
    fn sections(&self) -> Vec<(Section, u16)> {
        let table = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
        let change = &self.change;
        let summary = self.summary();
        vec![
            (Section::Lines(summary.to_vec()), summary.len() as u16 + 1),
            (Section::Table(Box::new(methods(&change.methods))), table(change.methods.len())),
            (Section::Table(Box::new(shards(&change.shards))), table(change.shards.len())),
            (Section::Table(Box::new(self.partitions())), table(change.partitions.len())),
        ]
    }

    fn summary(&self) -> [String; 7] {
        let (now, log) = (&self.change.now, &self.change.log);
        let sum = |number: fn(&MethodChange) -> f64| self.change.methods.iter().map(number).sum::<f64>();
        let total = |number: fn(&v1::OperationStatus) -> u64| now.operations.iter().map(number).sum::<u64>();
        let paused = if self.is_paused { "   PAUSED" } else { "" };
        let full = now.log.as_ref().is_some_and(|log| log.full);
        let disk = if full { "disk FULL: writes are refused" } else { "disk has room" };
        [
            format!(
                "tessera {}   {}   up {} s   memory {}{paused}",
                now.version,
                state(now),
                now.uptime_ms / 1_000,
                bytes(now.resident_bytes as f64),
            ),
            format!(
                "operations {}/s   refused {}/s   failed {}/s   in flight {}   streams {}",
                rate(sum(|method| method.ended)),
                rate(sum(|method| method.refused)),
                rate(sum(|method| method.failed)),
                total(|method| method.in_flight),
                total(|method| method.streams_open),
            ),
            format!("refusals {}", self.reasons()),
            format!(
                "log {} groups/s   {:.1} frames and {} a group   {}/s   sync p50 {} p99 {}   {disk}",
                rate(log.groups),
                log.frames_a_group,
                bytes(log.bytes_a_group),
                bytes(log.disk_bytes),
                milliseconds(log.sync.map(|sync| sync.p50_us)),
                milliseconds(log.sync.map(|sync| sync.p99_us)),
            ),
            format!("snapshots {}", rounds(now)),
            format!("images {}", kept(now)),
            format!("q quit   p pause   s sort partitions (by {})", self.sort.name()),
        ]
    }

    fn reasons(&self) -> String {
        let shown = self.change.reasons.iter().take(REASONS_SHOWN);
        let shown: Vec<_> = shown.map(|(reason, each)| format!("{} {}/s", crate::status::name(*reason), rate(*each))).collect();
        if shown.is_empty() { "none".to_owned() } else { shown.join("   ") }
    }

    fn partitions(&self) -> Table<'static> {
        let mut partitions: Vec<&PartitionChange> = self.change.partitions.iter().collect();
        match self.sort {
            Sort::Number => {}
            Sort::Events => partitions.sort_by(|a, b| b.events.total_cmp(&a.events)),
            Sort::Coupons => partitions.sort_by_key(|partition| std::cmp::Reverse(partition.now.coupons)),
        }
        let row = |partition: &&PartitionChange| {
            let now = partition.now;
            let counts = [now.lsn, now.coupons, now.users, now.redemptions, now.remembered_requests];
            let counts = counts.map(|count| count.to_string());
            [now.partition.to_string(), now.shard.to_string(), rate(partition.events)].into_iter().chain(counts).collect()
        };
        let head = ["partition", "shard", "events/s", "lsn", "coupons", "users", "redemptions", "requests"];
        table(&head, partitions.iter().map(row).collect())
    }
}

/// A part of the board.
enum Section {
    Lines(Vec<String>),
    Table(Box<Table<'static>>),
}

impl Widget for &Board {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let sections = self.sections();
        let heights = sections.iter().map(|(_, rows)| Constraint::Length(*rows));
        for ((section, _), area) in sections.iter().zip(Layout::vertical(heights).split(area).iter()) {
            match section {
                Section::Table(table) => table.as_ref().render(*area, buffer),
                Section::Lines(lines) => {
                    for (line, row) in lines.iter().zip(area.rows()) {
                        Line::from(line.as_str()).render(row, buffer);
                    }
                }
            }
        }
    }
}

fn methods(methods: &[MethodChange]) -> Table<'static> {
    let row = |method: &MethodChange| {
        let time = |of: fn(Percentiles) -> u64| milliseconds(method.times.map(of));
        vec![
            method.now.method.clone(),
            rate(method.ended),
            rate(method.refused),
            rate(method.failed),
            method.now.in_flight.to_string(),
            time(|times| times.p50_us),
            time(|times| times.p99_us),
            time(|times| times.p999_us),
        ]
    };
    let head = ["method", "ops/s", "refused/s", "failed/s", "in flight", "p50", "p99", "p99.9"];
    table(&head, methods.iter().map(row).collect())
}

fn shards(shards: &[ShardChange]) -> Table<'static> {
    let row = |shard: &ShardChange| {
        let now = shard.now;
        let waiting = [now.queued_commands, now.parked_claims, now.undurable_turns].map(|count| count.to_string());
        let rates = [rate(shard.decided), rate(shard.turns)];
        [now.shard.to_string()].into_iter().chain(waiting).chain(rates).collect()
    };
    let head = ["shard", "queued", "parked", "undurable", "decided/s", "turns/s"];
    table(&head, shards.iter().map(row).collect())
}

/// A table whose columns are as wide as their widest cell.
fn table(head: &[&'static str], rows: Vec<Vec<String>>) -> Table<'static> {
    let width = |(at, name): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([name.len()]).max().unwrap_or(0) as u16
    };
    let widths: Vec<_> = head.iter().enumerate().map(width).map(Constraint::Length).collect();
    let head = Row::new(head.to_vec()).style(Style::new().add_modifier(Modifier::BOLD));
    Table::new(rows.into_iter().map(Row::new), widths).header(head).column_spacing(COLUMN_SPACING)
}

/// The last round, and the one under way.
fn rounds(status: &v1::GetStatusResponse) -> String {
    let snapshots = status.snapshots.unwrap_or_default();
    let last = snapshots.last.map_or("none yet".to_owned(), |last| {
        let (images, size, failures) = (last.images, bytes(last.image_bytes as f64), last.failures);
        let (age_s, took_s) = (snapshots.last_age_ms / 1_000, last.took_ms as f64 / 1e3);
        format!("last {age_s} s ago in {took_s:.2} s: {images} images, {size}, {failures} failed")
    });
    let running = snapshots.running.map_or("idle".to_owned(), |running| {
        format!("running {}/{} journals, {} frames", running.journals_done, running.journals, running.frames)
    });
    format!("{last}   {running}")
}

/// What there is of images and of the archive.
fn kept(status: &v1::GetStatusResponse) -> String {
    let snapshots = status.snapshots.unwrap_or_default();
    let (images, archived) = (bytes(snapshots.image_bytes as f64), bytes(snapshots.archived_bytes as f64));
    format!("{}, {images}   archive {} segments, {archived}", snapshots.images, snapshots.archived_segments)
}

fn state(status: &v1::GetStatusResponse) -> String {
    let name = status.state().as_str_name().trim_start_matches("SERVING_STATE_");
    match status.drain {
        Some(drain) => format!("{name}, cut in {:.1} s", drain.left_ms as f64 / 1e3),
        None => name.to_owned(),
    }
}

fn rate(a_second: f64) -> String {
    let decimals = if a_second > 0.0 && a_second < 10.0 { 1 } else { 0 };
    format!("{a_second:.decimals$}")
}

fn milliseconds(us: Option<u64>) -> String {
    us.map_or("-".to_owned(), |us| format!("{:.2} ms", us as f64 / 1e3))
}

fn bytes(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    match bytes {
        small if small < KIB => format!("{small:.0} B"),
        middle if middle < KIB * KIB => format!("{:.1} KiB", middle / KIB),
        large => format!("{:.1} MiB", large / KIB / KIB),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn board(sort: Sort) -> Board {
        let partition = |partition, lsn, coupons| v1::PartitionStatus { partition, lsn, coupons, ..Default::default() };
        let claim = v1::OperationStatus { method: "Claim".into(), accepted: 30, in_flight: 2, ..Default::default() };
        let now = v1::GetStatusResponse {
            version: "9.9.9".into(),
            state: v1::ServingState::Draining.into(),
            drain: Some(v1::DrainStatus { left_ms: 1_500 }),
            operations: vec![claim],
            shards: vec![v1::ShardStatus { shard: 0, queued_commands: 5, ..Default::default() }],
            snapshots: Some(v1::SnapshotStatus {
                last: Some(v1::RoundStatus { took_ms: 1_500, images: 5, image_bytes: 2_048, ..Default::default() }),
                running: Some(v1::RoundStatus { journals_done: 3, journals: 17, frames: 99, ..Default::default() }),
                images: 10,
                archived_segments: 2,
                archived_bytes: 1 << 20,
                last_age_ms: 35_000,
                ..Default::default()
            }),
            partitions: vec![partition(0, 10, 7), partition(1, 40, 3), partition(2, 20, 9)],
            ..Default::default()
        };
        let change = Change::between(&v1::GetStatusResponse::default(), now, Duration::from_secs(1));
        Board { change, sort, is_paused: false }
    }

    fn order_of_partitions(sort: Sort) -> Vec<String> {
        let text = board(sort).text();
        let rows = text.lines().skip_while(|line| !line.starts_with("partition")).skip(1).filter(|line| !line.is_empty());
        rows.map(|line| line.split_whitespace().next().expect("a number").to_owned()).collect()
    }

    #[test]
    fn the_text_says_everything_in_rows_and_columns() {
        let text = board(Sort::Number).text();
        let shown = |words: &str| text.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").contains(words));
        assert!(shown("tessera 9.9.9 DRAINING, cut in 1.5 s"), "{text}");
        assert!(shown("Claim 30 0 0 2 - - -"), "{text}");
        assert!(shown("last 35 s ago in 1.50 s: 5 images, 2.0 KiB, 0 failed running 3/17 journals, 99 frames"), "{text}");
        assert!(shown("images 10, 0 B archive 2 segments, 1.0 MiB"), "{text}");
        assert!(shown("0 5 0 0 0 0"), "{text}");
        assert!(shown("1 0 40 40 3 0 0 0"), "{text}");
    }

    #[test]
    fn partitions_are_sorted_as_wished() {
        assert_eq!(order_of_partitions(Sort::Number), ["0", "1", "2"]);
        assert_eq!(order_of_partitions(Sort::Events), ["1", "2", "0"]);
        assert_eq!(order_of_partitions(Sort::Coupons), ["2", "0", "1"]);
        assert_eq!(Sort::Number.next().next().next(), Sort::Number);
    }

    #[test]
    fn a_small_screen_shows_what_fits() {
        let area = Rect::new(0, 0, 20, 3);
        let mut buffer = Buffer::empty(area);
        board(Sort::Number).render(area, &mut buffer);
        let first: String = (0..20).map(|x| buffer[(x, 0)].symbol()).collect();
        assert_eq!(first, "tessera 9.9.9   DRAI");
    }
}
