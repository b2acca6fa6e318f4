//! Watching the void of a template: its coupons become void in every partition by themselves, a few in each tick, after a restart as
//! before it. Whoever watches only asks how far that is.

use crate::batches;
use crate::router::Router;
use std::time::Duration;
use tessera_domain::command::Command;
use tessera_domain::reply::VoidView;
use tessera_domain::{Id, Reason, Reply};

/// Between two questions.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The template's number.
    pub template: u32,
    /// Its id.
    pub id: Id,
}

/// How far it is over all partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Partitions in which nothing is left to be counted.
    pub partitions_done: u32,
    /// Coupons that an event made void.
    pub coupons: u64,
    /// Value that is void, in minor units or in coupons that are used once.
    pub voided: i128,
    /// Value that is void and not counted so yet.
    pub left: i128,
    /// What holds that were kept hold: it becomes void as they end, unless it is captured.
    pub held: i128,
}

impl Progress {
    /// Hundredths of the value that are counted as void.
    pub fn percent(&self) -> u32 {
        let all = self.voided + self.left;
        if self.left == 0 { 100 } else { (self.voided * 100 / all) as u32 }
    }

    fn add(&mut self, views: &[VoidView]) {
        self.partitions_done += u32::from(views.iter().all(|view| view.left == 0));
        for view in views {
            self.coupons += view.coupons;
            (self.voided, self.left, self.held) = (self.voided + view.voided, self.left + view.left, self.held + view.held);
        }
    }
}

/// Watches until nothing is left. `go_on` is told how far it is and answers whether to go on; `false` is given if it did not.
pub(crate) fn watch(router: &Router, watched: &Watched, go_on: &mut dyn FnMut(Progress) -> bool) -> Result<bool, batches::Error> {
    loop {
        let mut progress = Progress::default();
        let mut is_heard = true;
        for (partition, answer) in ask(router, Some(watched.template))? {
            match answer {
                Ok(Reply::Voids(views)) => progress.add(&views),
                Ok(reply) => panic!("a question for a void was answered with {reply:?}"),
                Err(rejection) if rejection.reason == Reason::Draining => return Err(batches::Error::Stopping),
                Err(rejection) if rejection.reason.retry_may_differ() => is_heard = false,
                Err(rejection) => return Err(batches::Error::Refused { partition, rejection }),
            }
        }
        if is_heard && !go_on(progress) {
            return Ok(false);
        }
        if is_heard && progress.left == 0 {
            return Ok(true);
        }
        std::thread::sleep(ASK_INTERVAL);
    }
}

/// The void templates that are not through.
pub(crate) fn unfinished(router: &Router) -> Vec<Watched> {
    let answers = ask(router, None).unwrap_or_default();
    let views = answers.into_iter().flat_map(|(_, answer)| match answer {
        Ok(Reply::Voids(views)) => views,
        _ => Vec::new(),
    });
    let mut unfinished: Vec<Watched> = Vec::new();
    for VoidView { template, template_id: id, .. } in views {
        if unfinished.iter().all(|watched| watched.template != template) {
            unfinished.push(Watched { template, id });
        }
    }
    unfinished
}

fn ask(router: &Router, template: Option<u32>) -> Result<Vec<(u16, crate::letter::Answer)>, batches::Error> {
    batches::ask(router, (0..router.partitions()).map(|partition| (partition, Command::GetVoids(template))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_whole_when_nothing_is_left_and_not_before() {
        let progress = |voided, left| Progress { voided, left, ..Progress::default() }.percent();
        assert_eq!([progress(0, 0), progress(0, 5), progress(999, 1), progress(5, 0)], [100, 0, 99, 100]);
    }
}
