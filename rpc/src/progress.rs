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
    /// Work called `what`, counted in segments.
    pub fn new(what: &'static str, on_terminal: bool) -> Self {
        Self::of(what, "segments", on_terminal)
    }

    /// Work called `what`, counted in `unit`.
    pub fn of(what: &'static str, unit: &'static str, on_terminal: bool) -> Self {
        let bar = on_terminal.then(|| {
            let style = ProgressStyle::with_template(&format!("{{prefix}} {{bar:32}} {{pos}}/{{len}} {unit}, {{msg}}"));
            ProgressBar::new(0).with_prefix(what).with_style(style.expect("the template is one"))
        });
        Self { what, bar, said: Instant::now() }
    }

    /// So many of all, with so many frames, are done.
    pub fn show(&mut self, done: u64, all: u64, frames: u64) {
        self.show_read(done, all, frames, 0);
    }

    /// The same, of work that reads so many bytes before.
    pub fn show_read(&mut self, done: u64, all: u64, frames: u64, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
            let read = if bytes > 0 { format!(", {} MiB read", bytes >> 20) } else { String::new() };
            bar.set_message(format!("{frames} frames{read}"));
        } else if self.said.elapsed() >= LINE_INTERVAL {
            self.said = Instant::now();
            tracing::info!(done, all, frames, bytes, "{}", self.what);
        }
    }

    /// So many of all are done, and what else there is to say.
    pub fn show_counted(&mut self, done: u64, all: u64, said: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
            bar.set_message(said.to_owned());
        } else if self.said.elapsed() >= LINE_INTERVAL {
            self.said = Instant::now();
            eprintln!("{}: {done} of {all}, {said}", self.what);
        }
    }

    /// The work is over.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
