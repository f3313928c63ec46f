"""What happens later: plans, claims, jobs."""
