//! The interfaces of `parking_lot` and `crossbeam` over the checker's primitives. Never part of a release build.
//!
//! The checker has no clock: its own waits never time out. Here a wait with a timeout gives the others their turn and ends. How long that
//! takes is the schedule's choice, so whatever could have come before the timeout, or after it, is explored.

use shuttle::{sync, thread};
use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

thread_local! {
    /// A fault for the tests to find: signals are lost.
    static SIGNALS_ARE_LOST: Cell<bool> = const { Cell::new(false) };
}

/// Loses every signal of every [`Condvar`] from now on, or none.
#[cfg(test)]
pub(crate) fn lose_signals(lose: bool) {
    SIGNALS_ARE_LOST.set(lose);
}

/// A lock without poison.
#[derive(Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

/// The lock, held. Empty only inside of a wait.
pub(crate) struct MutexGuard<'a, T> {
    of: &'a sync::Mutex<T>,
    held: Option<sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Mutex<T> {
        Mutex(sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { of: &self.0, held: Some(self.0.lock().expect("a panic ends the execution")) }
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Mutex")
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("held outside of a wait")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("held outside of a wait")
    }
}

/// A signal.
#[derive(Default)]
pub(crate) struct Condvar(sync::Condvar);

impl Condvar {
    pub(crate) fn new() -> Condvar {
        Condvar::default()
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.held.take().expect("held outside of a wait");
        guard.held = Some(self.0.wait(held).expect("a panic ends the execution"));
    }

    /// Ends after a while. Nobody asks whether by a signal.
    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _timeout: Duration) {
        drop(guard.held.take());
        thread::yield_now();
        guard.held = Some(guard.of.lock().expect("a panic ends the execution"));
    }

    pub(crate) fn notify_all(&self) {
        if !SIGNALS_ARE_LOST.get() {
            self.0.notify_all();
        }
    }
}

/// The bounded queue.
pub(crate) mod channel {
    use shuttle::sync::mpsc::{self, RecvError};
    pub(crate) use shuttle::sync::mpsc::{RecvTimeoutError, SyncSender as Sender, TryRecvError, TrySendError};
    use shuttle::thread;
    use std::time::Duration;

    /// The end that takes.
    pub(crate) struct Receiver<T>(mpsc::Receiver<T>);

    pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = mpsc::sync_channel(capacity);
        (sender, Receiver(receiver))
    }

    impl<T> Receiver<T> {
        pub(crate) fn recv(&self) -> Result<T, RecvError> {
            self.0.recv()
        }

        pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
            self.0.try_recv()
        }

        pub(crate) fn recv_timeout(&self, _timeout: Duration) -> Result<T, RecvTimeoutError> {
            thread::yield_now();
            self.0.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            })
        }
    }

    /// What nobody will take any more is dropped with its passengers, which the checker's own queue does not do.
    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            while self.0.try_recv().is_ok() {}
        }
    }
}
