//! The names of the checks, said once: what the macros declare, and what the tables list.

/// The names of the checks of a producer.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_producer {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            required_spec101_never_more_than_asked
            required_spec102_may_send_fewer_and_end
            optional_spec104_a_failure_is_told_once
            required_spec104_an_abort_is_told_as_a_failure
            required_spec105_the_end_is_told_as_normal
            optional_spec105_an_empty_producer_ends
            required_spec107_nothing_after_the_end
            required_spec108_events_stop_after_cancel
            optional_spec109_refuses_by_a_value
            required_spec201_nothing_comes_unasked
            required_spec302_an_ask_for_each_event
            required_spec303_no_recursion
            required_spec306_an_ask_after_cancel_is_nothing
            required_spec307_a_second_cancel_is_nothing
            required_spec308_asks_add_up
            required_spec309_an_ask_for_nought_is_nothing
            required_spec312_a_cancel_reaches_it
            required_spec313_references_are_dropped
            optional_spec314_another_may_follow
            required_spec315_asks_and_cancels_return
            required_spec317_demand_may_be_unlimited
            required_spec317_demand_does_not_overflow
            law06_progress
            law12_drained_it_ends
        }
    };
}

/// The names of the checks of a consumer.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_consumer {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            required_spec201_it_asks
            required_spec204_it_ends_after_the_end
            required_spec206_it_cancels_when_it_is_gone
            required_spec208_events_after_the_cancel
            required_spec209_the_end_without_events
            required_spec209_the_end_with_demand
            required_spec210_a_failure_without_events
            required_spec210_a_failure_with_demand
            optional_spec213_a_panic_is_contained
            law02_pending_is_bounded
            law11_receipts_are_acknowledged_once
            law11_what_is_dropped_has_failed
            required_spec313_references_are_dropped
            law12_drained_it_handles_what_is_in_flight
        }
    };
}

/// The names of the checks of a producer-consumer.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_transform {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            required_spec402_a_cancel_goes_up
            required_spec402_a_failure_goes_down
            law02_it_holds_back_its_producer
            law03_each_event_comes_out_once_and_in_order
            law11_nothing_is_acknowledged_early
            law11_what_it_held_has_failed
        }
    };
}

/// The names of the checks of a dispatcher.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_dispatcher {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            required_spec101_never_more_than_asked
            law03_events_are_conserved
            law04_demand_is_what_was_asked
            law06_progress
            required_spec109_a_number_is_used_again
            optional_spec111_the_same_to_all_one_by_one
            optional_spec111_the_same_to_all_at_once
            optional_spec111_the_pace_of_the_slowest
            required_spec202_others_are_served
            required_spec308_asks_add_up
            required_spec312_demand_goes_with_its_subscription
            required_spec313_references_are_dropped
            required_spec317_demand_does_not_overflow
        }
    };
}

/// The names of the checks of a source.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_source {
    ($then:ident $given:tt) => {
        $crate::$then! { $given
            required_spec101_never_more_than_asked
            required_spec102_it_ends
            required_spec107_nothing_after_the_end
            law11_acknowledged_once
            law11_dropped_is_failed
            required_spec315_receipts_outlive_their_source
            law11_settled_through_a_pipeline
        }
    };
}
