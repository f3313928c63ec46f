"""What is kept of a person and what they are owed: tags, welcome, consent, audit, access and deletion."""
