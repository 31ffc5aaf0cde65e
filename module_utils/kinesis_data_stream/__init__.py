"""Everything about a data stream but its documentation; only ``observe`` touches AWS."""
