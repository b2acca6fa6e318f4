//! How far the void of templates has come in a partition: nobody waits for it, an operator watches it.

use crate::partition::Partition;
use crate::reply::VoidView;

/// Templates that one answer tells of.
pub const VOIDS_MAX: usize = 256;

impl Partition {
    /// Of one template, or of those that are not through, each version for itself.
    pub(super) fn voids(&self, template: Option<u32>) -> Vec<VoidView> {
        let views = self.terms.voids().iter().filter_map(|of| {
            let (terms, totals) = self.terms.with_totals(of.terms);
            let is_revoked = terms.void?.revokes();
            let (held, revoked) = if is_revoked { (0, totals.held) } else { (totals.held, 0) };
            let (voided, left) = (totals.voided, totals.available + revoked);
            let template_id = terms.template_id.clone();
            Some(VoidView { template: terms.template, template_id, coupons: of.coupons, voided, left, held })
        });
        let is_asked = |view: &VoidView| template.map_or(view.left > 0, |template| view.template == template);
        views.filter(is_asked).take(VOIDS_MAX).collect()
    }
}
