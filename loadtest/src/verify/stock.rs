//! The home partition's numbers.

use tessera_proto::v1::{GetStockRequest, template_service_client::TemplateServiceClient};

use super::calls::patient;
use crate::{
    check::{Findings, Violation},
    error::Error,
    link::Link,
};

/// What a template was given.
pub struct Given {
    /// Its place.
    pub template: u32,
    /// Its id.
    pub template_id: String,
    /// Its stock.
    pub stock: u64,
}

/// total = what the template was given = free + leased; leased covers what the client knows to be issued; nothing is free
/// after a sell-out.
pub async fn check(link: &Link, given: Given, issued: u64, findings: &mut Findings) -> Result<(), Error> {
    let Given { template, template_id, stock } = given;
    let client = TemplateServiceClient::new(link.channel());
    let ask = || {
        let mut client = client.clone();
        let request = GetStockRequest { template_id: template_id.clone() };
        async move { client.get_stock(request).await }
    };
    let shown = patient("GetStock", link, ask).await?;
    let mut compare = |what, expected, actual| {
        findings.check(expected == actual, || Violation::WrongStock { template, what, expected, actual });
    };
    compare("total", stock, shown.total);
    compare("free + leased", shown.total, shown.free.saturating_add(shown.leased));
    compare("issued beyond leased", 0, issued.saturating_sub(shown.leased));
    if issued == stock {
        compare("free", 0, shown.free);
    }
    Ok(())
}
