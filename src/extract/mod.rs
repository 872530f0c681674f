//! What a call does: the typed uses (HTTP clients, publishers, consumers, routes, datastores, sagas) found by matching the program against the catalog.
