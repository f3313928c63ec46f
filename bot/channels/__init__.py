"""One folder per way into a chat; each keeps its vendor's SDK to itself."""
