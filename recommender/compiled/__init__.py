"""The fast way through a message: each stage compiled, over batches; the plain ways beside it are the reference."""
