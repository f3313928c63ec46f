"""Who was deleted and is not to be taken up again: told from a keyed hash, without keeping who they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.personal import keyed_mark


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The deleted people of one account. They are in no member list: ask only about somebody who is in none."""

    channel: str = ""
    account: str = ""
    secret: bytes = field(default=b"", repr=False)
    marks: frozenset[str] = frozenset()

    def has(self, contact_id: str) -> bool:
        """Tell whether this contact was deleted; costs a hash, and nothing while nobody ever was."""
        return bool(self.marks) and bool(contact_id) and self.mark(contact_id) in self.marks

    def mark(self, contact_id: str) -> str:
        """Return the keyed hash of a contact of this account."""
        return keyed_mark(self.secret, self.channel, self.account, contact_id)

    def without(self, contact_id: str) -> Forgotten:
        """Return the same without somebody who has come back."""
        return replace(self, marks=self.marks - {self.mark(contact_id)})


NOBODY = Forgotten()
"""Nobody was deleted, as far as is known."""
