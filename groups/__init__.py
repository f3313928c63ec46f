"""Who is in the room: groups, members, labels, roles, consent."""
