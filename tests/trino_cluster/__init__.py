"""Gold's SQL, the catalogue and the Athena engine on a real Trino. ``make trino`` runs them."""
