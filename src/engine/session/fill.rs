//! What the holes of a template stand for in a lane.

use super::super::lock::locked;
use super::{Addresses, Lane};
use crate::script::step::Name;
use crate::script::template::{Fill, Hole, Property};
use std::sync::Arc;

impl Fill for Lane {
    fn read_already(&self, path: &str) -> Option<Arc<[u8]>> {
        self.session.reads.of(path)
    }

    fn fill(&self, hole: &Hole) -> Result<Vec<u8>, String> {
        let saved = |name: &Name| {
            let found = self.locals.chain().find_map(|locals| locked(&locals.vars).get(name).cloned());
            found.ok_or_else(|| {
                format!("the variable `{name}` has no value: the step that saves it did not run")
            })
        };
        Ok(match hole {
            Hole::Saved(name) => saved(name)?.to_vec(),
            Hole::SavedLength(name) => saved(name)?.len().to_string().into_bytes(),
            Hole::Socket(name, property) => {
                let addresses = self.addresses(name).ok_or_else(|| format!("`{name}` was never opened"))?;
                property_of(name, &addresses, *property)?.into_bytes()
            }
            Hole::Port(name) => self.session.port(name)?.to_string().into_bytes(),
            Hole::Round => self.round.unwrap_or(1).to_string().into_bytes(),
            Hole::Time => format!("{:.6}", self.session.journal.elapsed().as_secs_f64()).into_bytes(),
            Hole::Tmp => self.session.tmp()?.to_string_lossy().into_owned().into_bytes(),
        })
    }
}

fn property_of(name: &Name, addresses: &Addresses, property: Property) -> Result<String, String> {
    match property {
        Property::Port => {
            addresses.local.port().map(|port| port.to_string()).ok_or_else(|| format!("`{name}` has no port"))
        }
        Property::Local => Ok(addresses.local.to_string()),
        Property::Peer => {
            addresses.peer.as_ref().map(ToString::to_string).ok_or_else(|| format!("`{name}` has no peer"))
        }
    }
}
