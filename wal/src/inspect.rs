//! Shows a log as it is on disk: groups and frames with their addresses, in order, for an operator's eyes.

use crate::error::Error;
use crate::frame::{Frame, FrameHeader};
use crate::group::GroupHeader;
use crate::identity::{Bounds, Identity};
use crate::number::GroupSeq;
use crate::open::lock;
use crate::recover::{Listener, Recovery, Tail, segments_present};
use crate::scan::FrameAddress;
use crate::storage::Storage;
use std::cell::RefCell;

/// A thing found in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A group; its frames follow.
    Group {
        /// The file.
        file: String,
        /// The byte where it begins.
        offset: u64,
        /// What it says of itself.
        header: GroupHeader,
    },
    /// A frame.
    Frame {
        /// Where it begins.
        address: FrameAddress,
        /// What it says of itself.
        header: FrameHeader,
        /// The bytes of its payload.
        payload_bytes: usize,
    },
}

/// Shows everything whole in the log in a directory, which must not be in use, and how it ends. An empty log has no tail.
///
/// # Errors
/// As [`crate::open`], after everything before the damage has been shown.
pub fn inspect(storage: &impl Storage, show: &mut dyn FnMut(Item)) -> Result<Option<Tail>, Error> {
    let _lock = lock(storage)?;
    let identity = Identity::load(storage)?;
    let bounds = Bounds::load(storage, identity.uuid)?;
    let segments = segments_present(storage, &bounds)?;
    let show = RefCell::new(show);
    let replay = &mut |frame: Frame<'_>, address| {
        let (header, payload_bytes) = (frame.header, frame.payload.len());
        (show.borrow_mut())(Item::Frame { address, header, payload_bytes });
        Ok(())
    };
    let group = &mut |file: &str, header: &GroupHeader, offset| {
        (show.borrow_mut())(Item::Group { file: file.to_owned(), offset, header: *header });
    };
    let listener = Listener { replay, group, progress: &mut |_| {}, cut_anything: false, proven: GroupSeq(0) };
    let found = Recovery::new(storage, &identity, listener).run(&segments)?;
    Ok(found.tail)
}
