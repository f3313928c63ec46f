"""What a group is: reading names and places, weighing evidence, and letting labels move slowly."""
