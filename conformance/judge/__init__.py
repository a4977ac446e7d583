"""From exchanges to verdicts: what a schema says of a body, what counts as an answer, and what a check came to."""
