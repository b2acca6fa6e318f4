//! The fake server's maintenance: every operation is under way for one question, then done, or failed if it is to be.

use tessera_proto::v1::{maintenance_service_server::MaintenanceService, operation::Result as Outcome, *};
use tonic::{Request, Response, Status};

use super::{
    Plant,
    services::{Fake, Reply},
};

const IMAGE_BYTES: u64 = 4_096;

impl Fake {
    fn begin(&self, kind: OperationKind) -> Option<Operation> {
        let mut books = self.0.lock().unwrap();
        let (operation_id, began_ms) = (books.operations.len() as u64 + 1, books.now_ms());
        let state = OperationState::Running.into();
        let operation = Operation { operation_id, kind: kind.into(), state, began_ms, ..Default::default() };
        books.operations.push(operation.clone());
        Some(operation)
    }
}

fn ended(operation: &Operation, plant: Plant) -> Operation {
    let done = Operation { state: OperationState::Done.into(), ..operation.clone() };
    if operation.kind() == OperationKind::Snapshot {
        let result = Outcome::Snapshot(SnapshotResult { images: 5, image_bytes: IMAGE_BYTES, ..Default::default() });
        return match plant == Plant::SnapshotFails {
            true => Operation { state: OperationState::Failed.into(), error: "no room".into(), ..done },
            false => Operation { result: Some(result), ..done },
        };
    }
    let differs = plant == Plant::ReplayFindsDifference;
    let differences = if differs { vec!["coupon 3: available 5, live 6".to_owned()] } else { Vec::new() };
    let journal = ReplayedJournal { digest: 7, live_digest: Some(7), differences, ..Default::default() };
    Operation { result: Some(Outcome::Replay(ReplayResult { journals: vec![journal], equal: !differs })), ..done }
}

#[tonic::async_trait]
impl MaintenanceService for Fake {
    async fn save_snapshot(&self, _: Request<SaveSnapshotRequest>) -> Reply<SaveSnapshotResponse> {
        Ok(Response::new(SaveSnapshotResponse { operation: self.begin(OperationKind::Snapshot), joined: false }))
    }

    async fn start_replay(&self, request: Request<StartReplayRequest>) -> Reply<StartReplayResponse> {
        assert!(request.get_ref().diff_live, "a replay beside the load is compared");
        Ok(Response::new(StartReplayResponse { operation: self.begin(OperationKind::Replay), joined: false }))
    }

    async fn get_operation(&self, request: Request<GetOperationRequest>) -> Reply<GetOperationResponse> {
        let books = self.0.lock().unwrap();
        let place = request.get_ref().operation_id as usize - 1;
        let operation = books.operations.get(place).ok_or(Status::not_found("no such operation"))?;
        Ok(Response::new(GetOperationResponse { operation: Some(ended(operation, books.plant)) }))
    }

    async fn list_operations(&self, _: Request<ListOperationsRequest>) -> Reply<ListOperationsResponse> {
        Ok(Response::new(ListOperationsResponse { operations: self.0.lock().unwrap().operations.clone() }))
    }
}
