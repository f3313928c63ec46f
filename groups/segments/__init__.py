"""Groups with something in common, by rules of the settings, and what is different for them."""
