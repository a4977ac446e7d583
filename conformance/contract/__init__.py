"""What must hold: the ledger of clauses, the endpoints, the refusals, and the schemas that bear the clauses."""
