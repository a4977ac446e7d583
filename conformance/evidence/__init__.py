"""Everything that makes, keeps or reads exchanges."""
