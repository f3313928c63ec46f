"""What became of a message, a push or a send: one vocabulary for database, console, replay and metrics."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a message ended."""

    NEED = "need"
    OPINION = "opinion"
    ORDER = "order"
    ASK = "ask"
    COMMAND = "command"
    IGNORED = "ignored"


class Reason(StrEnum):
    """Why it ended so; each code belongs to one outcome."""

    # need
    PUSHED = "pushed"  # a fitting product goes to the group
    SUGGESTED = "suggested"  # the leader is asked first
    UNMET = "unmet"  # nothing fits; counted for the digest
    HELD = "held"  # something fits, but the bot may not speak now; see Hold
    RECORDED = "recorded"  # implicit need: kept, never answered
    # opinion
    PRAISE = "praise"  # kept for the digest
    COMPLAINT = "complaint"  # kept for the digest
    # order
    APPLIED = "applied"  # what a reply asked for stands in the order book
    CHAIN_APPLIED = "chain_applied"  # what a 接龙 said more or less than before stands in the order book
    RESTATED = "restated"  # the same item said again: the later number counts, and the receipt says so
    CANCELLED = "cancelled"  # lines taken out of the order book
    PAYMENT_CLAIMED = "payment_claimed"  # the member says they have paid; the leader confirms
    # ask
    SEVERAL_ITEMS = "several_items"  # more than one item fits what was said
    IMPRECISE_QUANTITY = "imprecise_quantity"  # 几份, 一两份, 若干
    UNIT_MISMATCH = "unit_mismatch"  # a unit the item is not sold in
    FRACTION_OF_PIECE = "fraction_of_piece"  # half of something that is sold whole
    BELOW_MINIMUM = "below_minimum"  # fewer than the item's minimum
    OVER_LIMIT = "over_limit"  # more than one member may have, or more than anybody orders
    OVER_STOCK = "over_stock"  # more than is left
    AFTER_CLOSING = "after_closing"  # the offer is closed
    CONFIRM_ALL = "confirm_all"  # what cannot be undone, or was said by somebody else, wants a yes
    UNCLEAR_ITEM = "unclear_item"  # no item of the offer fits what was said
    # command
    DONE = "done"  # understood and carried out
    REFUSED_ROLE = "refused_role"  # the speaker may not give this word
    UNKNOWN_WORD = "unknown_word"  # addressed to the bot, not understood
    # ignored
    TALK = "talk"  # everyday talk
    QUESTION = "question"  # asks about something else than buying
    PAST = "past"  # about what was, not what is wanted
    REPORTED_SPEECH = "reported_speech"  # somebody else's words or wish
    NEGATED = "negated"  # not wanted, or not wanted any more
    DONE_ALREADY = "done_already"  # already bought
    ADVERTISEMENT = "advertisement"  # somebody sells or gives away
    QUOTATION = "quotation"  # only the quoted text mentions goods
    OWN_MESSAGE = "own_message"  # the bot's own words
    UNKNOWN_TYPE = "unknown_type"  # not text
    MEMBER_UNSUBSCRIBED = "member_unsubscribed"  # the member opted out and is not read
    GROUP_OFF = "group_off"  # the group's level is 0
    DUPLICATE = "duplicate"  # the same message came again
    TOO_LONG = "too_long"  # beyond what anybody types by hand
    OTHER_CHAIN = "other_chain"  # a 接龙 that no leader started: nobody's order book
    FAILED = "failed"  # handling raised; the error is in the log, the rest went on
    CONTROL = "control"  # no message: the database was changed elsewhere, and the lane reads it again


class Hold(StrEnum):
    """Why a fitting push did not go out."""

    LEVEL = "level"  # the group's permission level forbids it
    PAUSED = "paused"  # the leader paused the bot here
    RETIRED = "retired"  # the leader gave the group up
    QUIET_HOURS = "quiet_hours"  # night
    UNSUBSCRIBED = "unsubscribed"  # somebody the push names opted out
    SHOWN_LATELY = "shown_lately"  # the same product was shown here lately
    CAP_MEMBER = "cap_member"  # this member was answered a moment ago
    CAP_GROUP = "cap_group"  # this group heard enough today
    CAP_ACCOUNT = "cap_account"  # this account said enough today
    BELOW_THRESHOLD = "below_threshold"  # the best product is not certain enough for this group
    ALREADY_OFFERED = "already_offered"  # somebody already answered with an open offer
    PRODUCT_GONE = "product_gone"  # sold out or withdrawn between decision and sending
    PERSONALISATION_OFF = "personalisation_off"  # the member refused personal answers


class SendState(StrEnum):
    """Where an outbox row stands."""

    QUEUED = "queued"  # committed, waiting for its turn
    SENDING = "sending"  # handed to the channel, no answer yet
    SENT = "sent"  # the channel confirmed
    FAILED = "failed"  # certainly not delivered
    UNKNOWN = "unknown"  # the process died or the call timed out between question and answer; never re-sent
    HELD = "held"  # stopped by the guard at the moment of sending; see Hold
    MERGED = "merged"  # its text went out inside another row
    EXPIRED = "expired"  # too late to make sense
    STOPPED = "stopped"  # the kill switch was on
