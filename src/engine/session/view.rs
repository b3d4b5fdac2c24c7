//! What is open and known in a lane, for those who look at it.

use super::{Lane, Live, Socket, locked};
use crate::event::Totals;
use crate::script::step::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Lane {
    /// Everything that is open in the innermost block, in the order of names; nothing is taken out.
    pub fn open_sockets(&self) -> Vec<Arc<Socket>> {
        let mut open: Vec<_> = locked(&self.locals.names).values().cloned().collect();
        open.sort_by(|one, other| one.name.cmp(&other.name));
        open
    }

    /// Everything that is open here and in the blocks around, in the order of names.
    pub fn visible_sockets(&self) -> Vec<Arc<Socket>> {
        let mut open: BTreeMap<Name, Arc<Socket>> = BTreeMap::new();
        for locals in self.locals.chain() {
            for (name, socket) in locked(&locals.names).iter() {
                open.entry(name.clone()).or_insert_with(|| socket.clone());
            }
        }
        open.into_values().collect()
    }

    /// How much has passed on the open stream `name`.
    pub fn passed(&self, name: &Name) -> Option<Totals> {
        match &self.socket(name).ok()?.live {
            Live::Stream(stream, _) => Some(Totals { received: stream.received(), sent: stream.sent() }),
            _ => None,
        }
    }

    /// What changes whenever bytes pass on the open stream `name`.
    pub fn progress(&self, name: &Name) -> Option<[u64; 4]> {
        match &self.socket(name).ok()?.live {
            Live::Stream(stream, _) => Some(stream.progress()),
            _ => None,
        }
    }

    /// The variables of the innermost block, in the order of names.
    pub fn variables(&self) -> Vec<(Name, Arc<[u8]>)> {
        let vars = locked(&self.locals.vars);
        let mut vars: Vec<_> = vars.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        vars.sort();
        vars
    }
}
