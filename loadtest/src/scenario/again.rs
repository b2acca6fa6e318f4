//! After the run: every answer that must be remembered is asked for again.
//!
//! This is the strongest look at durability that a client has: the same request id must give the acknowledged reply, whole,
//! with its coupon, code, amounts and position, marked as a replay. It goes over streams whatever the run used.

use std::sync::Arc;

use super::stage::Stage;
use crate::{
    check::{retries, sort_retries},
    drive::{Load, Measured, Mode},
    error::Error,
    plan::{Plan, again::Again},
    record::Retry,
};

/// Asks again, and adds what was answered to the retries of `measured`, sorted for the checker.
pub async fn ask(stage: &mut Stage, plan: Arc<dyn Plan>, measured: &mut Measured, load: &Load) -> Result<(), Error> {
    let kind = plan.kind();
    let remembered = (0..).zip(&measured.records).filter(|(_, record)| retries::is_remembered(kind, record));
    let again = Arc::new(Again::new(plan, remembered.map(|(operation, _)| operation).collect()));
    let load = Load { mode: Mode::Stream, in_flight: load.in_flight.max(4_096), rate: None, retry_every: 0, ..*load };
    let (repeated, _) = stage.measure("asking again", again.clone(), load).await?;
    let answers = (0..).zip(repeated.records).map(|(place, record)| Retry { operation: again.original(place), record });
    measured.retries.extend(answers);
    measured.strays += repeated.strays;
    sort_retries(&mut measured.retries);
    Ok(())
}
