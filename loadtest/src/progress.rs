//! Progress: a bar on a terminal, a line every few seconds elsewhere. Both on standard error.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::AbortHandle;

use crate::drive::tally::Tally;

/// Between two looks at the tally.
const LOOK: Duration = Duration::from_millis(200);

/// Between two lines.
const LINE: Duration = Duration::from_secs(5);

/// What the bar shows.
const FORM: &str = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";

/// Shows progress until it is dropped.
#[derive(Debug)]
pub struct Progress {
    task: AbortHandle,
    bar: ProgressBar,
}

impl Progress {
    /// Shows how `tally` approaches `total`.
    pub fn show(label: &str, total: u64, tally: Arc<Tally>) -> Self {
        let bar = ProgressBar::new(total).with_message(label.to_owned());
        if let Ok(style) = ProgressStyle::with_template(FORM) {
            bar.set_style(style);
        }
        let task = tokio::spawn(follow(label.to_owned(), bar.clone(), total, tally)).abort_handle();
        Self { task, bar }
    }
}

async fn follow(label: String, bar: ProgressBar, total: u64, tally: Arc<Tally>) {
    let (mut looks, mut line) = (tokio::time::interval(LOOK), (Instant::now(), 0));
    loop {
        looks.tick().await;
        let answered = tally.answered();
        bar.set_position(answered.min(total));
        let elapsed = line.0.elapsed();
        if bar.is_hidden() && elapsed >= LINE {
            let rate = (answered - line.1) as f64 / elapsed.as_secs_f64();
            eprintln!("{label}: {answered} of {total}, {} accepted, {rate:.0}/s", tally.accepted());
            line = (Instant::now(), answered);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}
