//! Progress of long work: a bar on a terminal, a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// The progress of reading a log.
pub struct Bar {
    what: &'static str,
    bar: Option<ProgressBar>,
    said: Instant,
}

impl Bar {
    /// Work called `what`.
    pub fn new(what: &'static str, on_terminal: bool) -> Self {
        let bar = on_terminal.then(|| {
            let style = ProgressStyle::with_template("{prefix} {bar:32} {pos}/{len} segments, {msg} frames");
            ProgressBar::new(0).with_prefix(what).with_style(style.expect("the template is one"))
        });
        Self { what, bar, said: Instant::now() }
    }

    /// So many of so many segments, with so many frames, are done.
    pub fn show(&mut self, segments_done: u64, segments: u64, frames: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(segments);
            bar.set_position(segments_done);
            bar.set_message(frames.to_string());
        } else if self.said.elapsed() >= LINE_INTERVAL {
            self.said = Instant::now();
            tracing::info!(segments_done, segments, frames, "{}", self.what);
        }
    }

    /// The work is over.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
