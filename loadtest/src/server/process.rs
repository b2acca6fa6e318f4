//! A server process of our own, on a data directory that goes with it.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::site::{Fate, Seen, Site};
use crate::{error::Error, link::Link};

/// How long a server may take to serve for the first time.
const START_MAX: Duration = Duration::from_secs(60);

/// How long it may take to stop after SIGTERM.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Between two looks at a process that should end.
const LOOK: Duration = Duration::from_millis(10);

/// How much of a server's log is shown when it fails.
const LOG_TAIL_BYTES: usize = 2_000;

/// How a server is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub binary: PathBuf,
    /// Arguments of its one run before the first start; the data directory is put behind them. Empty = none.
    pub init: Vec<String>,
    /// Arguments of every start. `{data}` and `{listen}` are replaced.
    pub serve: Vec<String>,
    /// Arguments of a run that verifies the data directory while no server holds it. `{data}` is replaced. Empty = none.
    pub verify: Vec<String>,
    /// Where the data directory is made; absent = where the system keeps temporary files.
    pub scratch: Option<PathBuf>,
}

/// A running server. It is killed and its data removed when this is dropped.
#[derive(Debug)]
pub struct Process {
    program: Program,
    directory: TempDir,
    port: u16,
    child: Child,
}

impl Program {
    /// tessera, by its command line.
    pub fn tessera(binary: PathBuf, init_args: Vec<String>, serve_args: Vec<String>, scratch: Option<PathBuf>) -> Self {
        let serve = ["serve", "--data-dir", "{data}", "--listen", "{listen}", "--metrics-listen", ""].map(str::to_owned);
        let init = std::iter::once("init".to_owned()).chain(init_args).collect();
        let verify = ["verify", "--data-dir", "{data}"].map(str::to_owned).into();
        Self { binary, init, serve: serve.into_iter().chain(serve_args).collect(), verify, scratch }
    }

    /// Makes a data directory and starts a server on it; returns when it serves.
    pub async fn start(self) -> Result<Process, Error> {
        let directory = self.directory()?;
        if !self.init.is_empty() {
            self.run_init(directory.path())?;
        }
        let port = free_port()?;
        let child = self.spawn(directory.path(), port)?;
        let mut process = Process { program: self, directory, port, child };
        process.serving(START_MAX).await?;
        Ok(process)
    }

    fn directory(&self) -> Result<TempDir, Error> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("tessera-loadtest-");
        let place = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        builder.tempdir_in(&place).map_err(Error::file(place))
    }

    fn run_init(&self, directory: &Path) -> Result<(), Error> {
        let mut command = logged(Command::new(&self.binary), directory)?;
        command.args(&self.init).arg(directory.join("data"));
        let status = command.status().map_err(Error::file(&self.binary))?;
        if status.success() { Ok(()) } else { Err(self.failed(directory, format!("init ended with {status}"))) }
    }

    fn spawn(&self, directory: &Path, port: u16) -> Result<Child, Error> {
        self.spawn_as(Command::new(&self.binary), directory, port)
    }

    /// As `command`, which is this program or something in front of it.
    fn spawn_as(&self, command: Command, directory: &Path, port: u16) -> Result<Child, Error> {
        let data = directory.join("data");
        let listen = format!("127.0.0.1:{port}");
        let mut command = logged(command, directory)?;
        for argument in &self.serve {
            command.arg(argument.replace("{data}", &data.to_string_lossy()).replace("{listen}", &listen));
        }
        command.spawn().map_err(Error::file(&self.binary))
    }

    fn failed(&self, directory: &Path, what: String) -> Error {
        let log = std::fs::read(log_path(directory)).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(LOG_TAIL_BYTES)..];
        Error::Server { program: self.binary.clone(), what, log_tail: String::from_utf8_lossy(tail).into_owned() }
    }
}

impl Process {
    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL; returns the time until it was gone.
    pub fn kill(&mut self) -> Result<Duration, Error> {
        let begin = Instant::now();
        self.child.kill().map_err(Error::file(&self.program.binary))?;
        self.child.wait().map_err(Error::file(&self.program.binary))?;
        Ok(begin.elapsed())
    }

    /// A new start on the same directory, after a kill; returns the time until it serves.
    pub async fn restart(&mut self, patience: Duration) -> Result<Duration, Error> {
        let begin = Instant::now();
        self.child = self.program.spawn(self.directory.path(), self.port)?;
        self.serving(patience).await?;
        Ok(begin.elapsed())
    }

    /// A new start on the same directory that is killed `after` so long, whether it serves by then or not; returns the time from
    /// the SIGKILL until it was gone.
    pub async fn restart_and_kill(&mut self, after: Duration) -> Result<Duration, Error> {
        self.child = self.program.spawn(self.directory.path(), self.port)?;
        tokio::time::sleep(after).await;
        match self.ended()? {
            Some(status) => Err(self.failed(format!("ended with {status} while it started"))),
            None => self.kill(),
        }
    }

    /// A start of which one call of the system fails. It ends, or is killed after `life_max`.
    pub async fn restart_failing(&mut self, site: &Site, life_max: Duration) -> Result<Fate, Error> {
        let (directory, log) = (self.directory.path().to_owned(), log_path(self.directory.path()));
        let (trace, said_before) = (directory.join("strace.out"), read(&log).len());
        // A tracer that could not trace would leave the lines of the site before.
        std::fs::write(&trace, "").map_err(Error::file(&trace))?;
        let traced = site.command(&self.program.binary, &directory.join("data"), &trace);
        self.child = self.program.spawn_as(traced, &directory, self.port)?;
        let begin = Instant::now();
        let mut status = None;
        while status.is_none() && begin.elapsed() < life_max {
            tokio::time::sleep(LOOK).await;
            status = self.ended()?;
        }
        if status.is_none() {
            self.kill()?;
        }
        let (log, trace) = (read(&log), read(&trace));
        let said = log.get(said_before..).unwrap_or_default();
        let served = said.contains("\"serving\"");
        let code = status.and_then(|status| status.code());
        Ok(site.judge(Seen { trace: &trace, said, code, ended: status.is_some(), served }))
    }

    /// Verifies the directory of a server that has ended. `Err` is the end of what was said of one that is not whole; `None`: this
    /// program does not verify.
    pub async fn verify(&self) -> Result<Option<Result<(), String>>, Error> {
        if self.program.verify.is_empty() {
            return Ok(None);
        }
        let data = self.directory.path().join("data");
        let arguments = self.program.verify.iter().map(|argument| argument.replace("{data}", &data.to_string_lossy()));
        let mut command = Command::new(&self.program.binary);
        command.args(arguments).stdin(Stdio::null());
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await?.map_err(Error::file(&self.program.binary))?;
        if output.status.success() {
            return Ok(Some(Ok(())));
        }
        let said = [output.stdout, output.stderr].concat();
        let tail = said.get(said.len().saturating_sub(LOG_TAIL_BYTES)..).unwrap_or_default();
        Ok(Some(Err(format!("{}: {}", output.status, String::from_utf8_lossy(tail)))))
    }

    /// SIGTERM, a deadline, SIGKILL; returns the time it took to end. A server that ends with a failure is an error.
    pub async fn stop(&mut self) -> Result<Duration, Error> {
        let begin = Instant::now();
        // A process that has ended already is found out below.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        while begin.elapsed() < STOP_MAX {
            if let Some(status) = self.ended()? {
                let fault = format!("ended with {status} after SIGTERM");
                return if status.success() { Ok(begin.elapsed()) } else { Err(self.failed(fault)) };
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(self.failed(format!("did not end within {STOP_MAX:?} of SIGTERM")))
    }

    /// Waits until it serves; fails at once when it ends.
    async fn serving(&mut self, patience: Duration) -> Result<(), Error> {
        let link = Link::to(&self.endpoint())?;
        let serving = link.serving(patience);
        tokio::pin!(serving);
        loop {
            tokio::select! {
                served = &mut serving => return served.map(drop).map_err(|error| self.failed(error.to_string())),
                () = tokio::time::sleep(LOOK) => if let Some(status) = self.ended()? {
                    return Err(self.failed(format!("ended with {status} before it served")));
                },
            }
        }
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child.try_wait().map_err(Error::file(&self.program.binary))
    }

    fn failed(&self, what: String) -> Error {
        self.program.failed(self.directory.path(), what)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to do about a process that does not even take SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command, its output appended to a log beside the data.
fn logged(mut command: Command, directory: &Path) -> Result<Command, Error> {
    let path = log_path(directory);
    let log = File::options().create(true).append(true).open(&path).map_err(Error::file(&path))?;
    let second = log.try_clone().map_err(Error::file(&path))?;
    command.stdin(Stdio::null()).stdout(log).stderr(second);
    Ok(command)
}

/// What a file says, as far as it is text; nothing if it is not there.
fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("server.log")
}

fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::file("127.0.0.1:0"))?;
    Ok(listener.local_addr().map_err(Error::file("127.0.0.1:0"))?.port())
}
