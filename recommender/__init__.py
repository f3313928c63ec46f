"""What is wanted and what to show: needs, index, ranking, push policy."""
