"""From a selection to verdicts: what is asked, in which order, with which transport, and what it came to."""
