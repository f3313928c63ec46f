"""Where feeds come from: files and HTTP. Each yields raw rows in chunks; nothing here knows what a product is."""
