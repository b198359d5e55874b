//! The heap, against a map.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::dispatcher::heap::Heap;

proptest! {
    #[test]
    fn a_heap_is_a_map_whose_least_is_known(script in vec((0..5u8, 0..40u32, 0..1000u32), 0..300)) {
        let (mut heap, mut model) = (Heap::new(), BTreeMap::<u32, Option<u32>>::new());
        for (verb, id, key) in script {
            match verb {
                0 => {
                    heap.join(id);
                    model.entry(id).or_default();
                }
                1 | 2 if model.contains_key(&id) => {
                    heap.set(id, key);
                    model.insert(id, Some(key));
                }
                3 => prop_assert_eq!(heap.leave(id), model.remove(&id).flatten()),
                4 => {
                    prop_assert_eq!(heap.unset(id), model.get_mut(&id).and_then(Option::take));
                    // And takes a number that nobody has.
                    if heap.knows(id) && !heap.knows(100 + key) {
                        heap.rename(id, 100 + key);
                        heap.rename(100 + key, id);
                    }
                }
                _ => {}
            }
            prop_assert_eq!(heap.first().map(|(key, _)| key), model.values().flatten().min().copied());
            prop_assert!(heap.first().is_none_or(|(key, id)| model[&id] == Some(key)));
            prop_assert!(model.iter().all(|(&id, &key)| heap.knows(id) && heap.get(id) == key));
            prop_assert!(heap.is_ordered());
            prop_assert_eq!((heap.members(), heap.len()), (model.len(), model.values().flatten().count()));
        }
    }
}
