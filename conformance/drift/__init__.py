"""What changed: documents against each other, by meaning and not by bytes."""
