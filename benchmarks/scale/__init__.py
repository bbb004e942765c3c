"""Beyond one machine: what a list of ten million films would take, cost and break, from what was measured here."""
