//! `tessera top`: a server's rates, latencies and queues, once a second, on a terminal or as one frame of text.
//!
//! Everything comes from `GetStatus`: two answers make rates (`change.rs`), rates make a board (`board.rs`), and a board is drawn on
//! a terminal or written as text, by the same code.

mod board;
mod change;

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use tessera_proto::v1::{self, operator_service_client::OperatorServiceClient};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use self::{
    board::{Board, Sort},
    change::Change,
};
use super::{ENDPOINT_DEFAULT, Error, output};
use crate::{client, limits::RESPONSE_BYTES_MAX};

/// Which server, and how often.
#[derive(clap::Args)]
pub struct Args {
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
    /// Milliseconds between two looks.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    interval_ms: u64,
    /// Look twice, print one frame of text and end. Done by itself where standard output is no terminal.
    #[arg(long)]
    once: bool,
}

/// Shows it until a key ends it.
pub fn run(args: &Args) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let channel = runtime.block_on(client::connect(&args.endpoint))?;
    let mut looks = Looks { runtime, client: OperatorServiceClient::new(channel), last: None };
    looks.client = looks.client.max_decoding_message_size(RESPONSE_BYTES_MAX);
    let interval = Duration::from_millis(args.interval_ms);
    if args.once || !io::stdout().is_terminal() {
        return once(&mut looks, interval);
    }
    let mut terminal = ratatui::try_init().map_err(Error::Output)?;
    let shown = live(&mut terminal, &mut looks, interval);
    ratatui::restore();
    shown
}

/// One frame of text, with the rates of one interval.
fn once(looks: &mut Looks, interval: Duration) -> Result<(), Error> {
    looks.look()?;
    std::thread::sleep(interval);
    let board = Board { change: looks.look()?, sort: Sort::Number, is_paused: false };
    output::print_line(board.text().trim_end())
}

/// Looks at a server, and remembers what it saw last.
struct Looks {
    runtime: Runtime,
    client: OperatorServiceClient<Channel>,
    last: Option<(Instant, v1::GetStatusResponse)>,
}

impl Looks {
    /// What has changed since the last look; since the server's start, if this is the first.
    fn look(&mut self) -> Result<Change, Error> {
        let reply = self.runtime.block_on(self.client.get_status(v1::GetStatusRequest {}));
        let now = reply.map_err(|status| client::Error::Refused(Box::new(status)))?.into_inner();
        let (then, before) = match self.last.replace((Instant::now(), now.clone())) {
            Some((then, before)) => (then.elapsed(), before),
            None => (Duration::from_millis(now.uptime_ms.max(1) as u64), v1::GetStatusResponse::default()),
        };
        Ok(Change::between(&before, now, then))
    }
}

/// What a key asks for.
enum Wish {
    Quit,
    Pause,
    Sort,
}

fn live(terminal: &mut DefaultTerminal, looks: &mut Looks, interval: Duration) -> Result<(), Error> {
    let mut board = Board { change: looks.look()?, sort: Sort::Number, is_paused: false };
    let mut next = Instant::now() + interval;
    loop {
        terminal.draw(|frame| frame.render_widget(&board, frame.area())).map_err(Error::Output)?;
        match wish(next.saturating_duration_since(Instant::now()))? {
            Some(Wish::Quit) => return Ok(()),
            Some(Wish::Pause) => board.is_paused = !board.is_paused,
            Some(Wish::Sort) => board.sort = board.sort.next(),
            None => {}
        }
        if Instant::now() >= next {
            next = Instant::now() + interval;
            if !board.is_paused {
                board.change = looks.look()?;
            }
        }
    }
}

/// What is asked for within this time, if anything is.
fn wish(within: Duration) -> Result<Option<Wish>, Error> {
    if !event::poll(within).map_err(Error::Output)? {
        return Ok(None);
    }
    match event::read().map_err(Error::Output)? {
        Event::Key(key) if key.kind == KeyEventKind::Press => Ok(wish_of(key)),
        _ => Ok(None),
    }
}

fn wish_of(key: KeyEvent) -> Option<Wish> {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Wish::Quit),
        KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Quit),
        KeyCode::Char('p' | ' ') => Some(Wish::Pause),
        KeyCode::Char('s') => Some(Wish::Sort),
        _ => None,
    }
}
