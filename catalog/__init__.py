"""What is sold: suppliers, their feeds, products, and the words people use for them."""
