//! The first operations of a plan: enough for a ceiling.

use std::sync::Arc;

use super::Plan;
use crate::wire::answer::Kind;

/// At most the first `operations` of `plan`, the last errand whole.
pub struct Prefix {
    plan: Arc<dyn Plan>,
    operations: u64,
}

impl Prefix {
    /// See the type.
    pub fn new(plan: Arc<dyn Plan>, operations: u64) -> Self {
        let operations = operations.next_multiple_of(plan.steps()).min(plan.operations());
        Self { plan, operations }
    }
}

impl Plan for Prefix {
    fn kind(&self) -> Kind {
        self.plan.kind()
    }

    fn operations(&self) -> u64 {
        self.operations
    }

    fn steps(&self) -> u64 {
        self.plan.steps()
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        self.plan.write_request(operation, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.plan.operation_of(request_id).filter(|&operation| operation < self.operations)
    }
}
