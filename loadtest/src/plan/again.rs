//! The same requests once more: every operation whose first answer must be given again.

use std::sync::Arc;

use super::Plan;
use crate::wire::answer::Kind;

/// Some operations of another plan, re-sent under their own request ids.
pub struct Again {
    plan: Arc<dyn Plan>,
    operations: Vec<u64>,
}

impl Again {
    /// Re-sends `operations` of `plan`, in rising order and without repeats.
    pub fn new(plan: Arc<dyn Plan>, operations: Vec<u64>) -> Self {
        assert!(operations.is_sorted_by(|a, b| a < b));
        Self { plan, operations }
    }

    /// Which operation of the first plan is re-sent as number `place`.
    pub fn original(&self, place: u64) -> u64 {
        self.operations[place as usize]
    }
}

impl Plan for Again {
    fn kind(&self) -> Kind {
        self.plan.kind()
    }

    fn operations(&self) -> u64 {
        self.operations.len() as u64
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        self.plan.write_request(self.original(operation), out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        let original = self.plan.operation_of(request_id)?;
        self.operations.binary_search(&original).ok().map(|place| place as u64)
    }
}
