//! Fills the disk under the server to the last byte, leaves it full for a while, and makes room again.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{figures, killer::Kills};
use crate::{error::Error, link::Link};

/// What takes the room.
const BALLAST_NAME: &str = "ballast";

/// Written at once while there is much room, then ever less.
const CHUNK_BYTES: usize = 1 << 20;

/// Between two looks whether the server has let go of something.
const LOOK: Duration = Duration::from_millis(20);

/// The file that takes the room; removed when dropped.
struct Ballast {
    path: PathBuf,
    file: File,
}

/// How long a full disk is left so if the server has room of its own for longer.
const FULL_MAX: Duration = Duration::from_secs(20);

/// Fills the disk of `place` so many times, `every` after there was room, until writes are refused and for `every` more.
pub async fn fill(link: Link, place: PathBuf, every: Duration, fills: u32) -> Result<Kills, Error> {
    let mut done = Kills::default();
    for number in 1..=fills {
        tokio::time::sleep(every).await;
        let mut ballast = Ballast::begin(&place)?;
        let (begin, mut refused) = (Instant::now(), None);
        while refused.is_none_or(|since: Instant| since.elapsed() < every) && begin.elapsed() < FULL_MAX {
            ballast = tokio::task::spawn_blocking(move || ballast.grow()).await??;
            tokio::time::sleep(LOOK).await;
            if refused.is_none() && refuses_writes(&link).await {
                refused = Some(Instant::now());
            }
        }
        eprintln!("fill {number} of {fills}: {} MiB", ballast.file.metadata().map_or(0, |about| about.len() >> 20));
        done.fills += 1;
    }
    Ok(done)
}

async fn refuses_writes(link: &Link) -> bool {
    figures::status(link).await.and_then(|status| status.log).is_some_and(|log| log.full)
}

impl Ballast {
    fn begin(place: &Path) -> Result<Self, Error> {
        let path = place.join(BALLAST_NAME);
        let file = File::create(&path).map_err(Error::file(&path))?;
        Ok(Self { path, file })
    }

    /// Takes what room there is.
    fn grow(mut self) -> Result<Self, Error> {
        let zeroes = vec![0; CHUNK_BYTES];
        let mut chunk = CHUNK_BYTES;
        while chunk > 0 {
            match self.file.write(&zeroes[..chunk]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => chunk /= 2,
                Err(error) => return Err(Error::file(&self.path)(error)),
            }
        }
        Ok(self)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // Nothing is left to do about a disk that does not even remove a file.
        let _ = std::fs::remove_file(&self.path);
    }
}
