"""Reading one message: does it state a need, and which? Pure; what came before is for ``dialogue``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from core.outcomes import Outcome, Reason
from core.text import NormalText
from recommender.constraints import Constraints, read_constraints
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import MaskedText, Token, mask_text
from recommender.need_rules import NOUN, NeedRules, Trigger
from recommender.segmentation import Segmenter

LONGEST_NEED = 240
"""Characters; what is longer is an article or an advertisement, not a member's need."""
_CLAUSES_AROUND = 1
_UNKNOWN_STRENGTH = 0.75
_MENTION_STRENGTH = 0.8

_LIST_AFTER = re.compile(rf"(?:[、和跟与及或]|还有|以及){NOUN}")
_ONLY_OBJECTS = re.compile(rf"^(?:的|那个|就是|是)?{NOUN}(?:[、和跟,]?{NOUN})*[的呀啊呢吧哈哦捏,!~]*$")
_NO_OBJECT = re.compile(
    r"什么|啥|东西|这|那|你|我|他|她|它|咱|们|谁|怎么|哪|几|一下|一点|的话|回家|回去|时候|问题|办法|是|有人|没|不|吗|呢|吧|都|也|就|还|又|去|来|说|看|想|觉得|知道|事|人|地方|好的|好|结婚|睡|走|玩|哭|死|钱|命|票|房|车"
)


class NeedClass(StrEnum):
    """The shapes a need comes in."""

    WHERE_TO_BUY = "where_to_buy"
    WANT = "want"
    RUN_OUT = "run_out"
    ADVICE = "advice"
    GROUP_BUY = "group_buy"
    JOINING = "joining"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody wants.

    ``terms`` are the objects in their kept form, the first one the main one; ``modifiers`` are goods words in front
    of it (牛奶 in 牛奶锅). ``known`` is false when the object is a word of no list. ``strength`` is how sure the
    wording makes us, 0 to 1. ``rule`` names the rule that matched; ``evidence`` is its span in the raw text.
    """

    need_class: NeedClass
    terms: tuple[str, ...]
    constraints: Constraints
    known: bool
    strength: float
    rule: str
    evidence: tuple[int, int]
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message says by itself.

    The fields after ``need`` are for conversations: a trigger that lacks its object, goods named without a
    trigger, and whether the message as a whole joins, narrows down or takes back a need.
    """

    outcome: Outcome
    reason: Reason
    masked: MaskedText
    need: Need | None = None
    opinion_about: tuple[str, ...] = ()
    loose: Trigger | None = None
    objects: tuple[str, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)
    joins: bool = False
    refines: bool = False
    withdraws: bool = False


class NeedReader:
    """Reads messages with one lexicon; build it once."""

    def __init__(self, lexicon: Lexicon, segmenter: Segmenter, rules: NeedRules) -> None:
        self._lexicon = lexicon
        self._segmenter = segmenter
        self._rules = rules

    def read(self, text: NormalText, *, mentioned: bool = False) -> Reading:
        """Return what a message says; ``mentioned`` is true when it is addressed to the bot."""
        if len(text.text) > LONGEST_NEED:
            empty = MaskedText(text, (), "", ())
            return Reading(Outcome.IGNORED, Reason.TOO_LONG, empty)
        masked = mask_text(text, self._segmenter, self._lexicon)
        if not masked.mask:
            return Reading(Outcome.IGNORED, Reason.QUOTATION if text.quote else Reason.TALK, masked)
        constraints = read_constraints(masked)
        found = self._triggered(masked, constraints, mentioned=mentioned)
        if isinstance(found, Need):
            return Reading(Outcome.NEED, Reason.PUSHED, masked, found, constraints=constraints)
        return self._without_need(masked, constraints, found)

    def _triggered(self, masked: MaskedText, constraints: Constraints, *, mentioned: bool) -> Need | Reason | None:
        """Return the need, or why something that looked like one is none, or None where nothing did."""
        blocked: Reason | None = None
        best: Need | None = None
        for trigger in self._rules.triggers:
            match = trigger.pattern.search(masked.mask)
            if match is None:
                continue
            objects, known = self._objects(masked, match, trigger)
            if not objects:
                continue
            reason = self._blocked(masked.mask, match.span())
            if reason is not None:
                blocked = blocked or reason
                continue
            need = self._need(masked, constraints, trigger, match, objects, known)
            if best is None or need.strength > best.strength:
                best = need
        if best is None and blocked is None and mentioned:
            return self._addressed(masked, constraints)
        return best or blocked

    def _objects(self, masked: MaskedText, match: re.Match[str], trigger: Trigger) -> tuple[list[list[str]], bool]:
        """Return the object phrases (each: modifiers, then the head) of a match and whether they are known."""
        if trigger.takes_unknown:
            return self._unknown_object(masked, match)
        start, end = match.span()
        after = end
        while (more := _LIST_AFTER.match(masked.mask, after)) is not None:
            after = more.end()
        while after < len(masked.mask) and masked.mask[after] == "G":
            after += 1
        phrases: list[list[str]] = []
        previous = -2
        for place in range(start, after):
            if masked.mask[place] != "G":
                continue
            token = masked.tokens[masked.owner[place]]
            if place == previous + 1 and phrases:
                phrases[-1].append(_kept(token))
            else:
                phrases.append([_kept(token)])
            previous = place
        return phrases, True

    def _unknown_object(self, masked: MaskedText, match: re.Match[str]) -> tuple[list[list[str]], bool]:
        start, end = match.span("x")
        tokens = masked.tokens_between(start, end)
        if any(token.word is not None and token.word.kind in {WordKind.NOT_SOLD, WordKind.GOODS} for token in tokens):
            return [], False
        words = [token for token in tokens if token.word is None]
        name = "".join(token.text for token in words).strip("的点些个")
        if not words or len(name) < 2 or _NO_OBJECT.search(name) or (len(words) == 1 and len(words[0].text) == 1):
            return [], False
        if len(words) > 3 or max(len(token.text) for token in words) < 2:
            return [], False
        return [[name]], False

    def _blocked(self, mask: str, span: tuple[int, int]) -> Reason | None:
        """Return why the clauses around a trigger make it no need."""
        start = mask.rfind(",", 0, span[0])
        for _ in range(_CLAUSES_AROUND):
            start = mask.rfind(",", 0, max(start, 0))
        end = span[1]
        for _ in range(_CLAUSES_AROUND + 1):
            following = mask.find(",", end + 1)
            end = len(mask) if following < 0 else following
        window = mask[start + 1 : end]
        for blocker in self._rules.blockers:
            stretch = mask if blocker.reason is Reason.ADVERTISEMENT else window
            if blocker.applies(stretch):
                return blocker.reason
        return None

    def _need(
        self,
        masked: MaskedText,
        constraints: Constraints,
        trigger: Trigger,
        match: re.Match[str],
        objects: list[list[str]],
        known: bool,
    ) -> Need:
        first = masked.tokens[masked.owner[match.start()]]
        last = masked.tokens[masked.owner[max(match.start(), match.end() - 1)]]
        modifiers = tuple(dict.fromkeys(word for phrase in objects for word in phrase[:-1]))
        return Need(
            need_class=NeedClass(trigger.need_class),
            terms=tuple(dict.fromkeys(phrase[-1] for phrase in objects)),
            constraints=constraints,
            known=known,
            strength=trigger.strength if known else trigger.strength * _UNKNOWN_STRENGTH,
            rule=trigger.name,
            evidence=masked.text.raw_span(first.start, last.end),
            modifiers=modifiers,
        )

    def _addressed(self, masked: MaskedText, constraints: Constraints) -> Need | None:
        """Goods named to the bot itself are a question for them."""
        goods = [token for token in masked.tokens if token.is_goods]
        if not goods or len(masked.mask) > 12:
            return None
        evidence = masked.text.raw_span(goods[0].start, goods[-1].end)
        terms = tuple(dict.fromkeys(_kept(token) for token in goods))
        return Need(NeedClass.WANT, terms[-1:], constraints, True, _MENTION_STRENGTH, "addressed", evidence, terms[:-1])

    def _without_need(self, masked: MaskedText, constraints: Constraints, blocked: Reason | None) -> Reading:
        """Say what a message is that states no whole need."""
        mask = masked.mask
        rules = self._rules
        loose = next(
            (rule for rule in rules.loose if rule.pattern.search(mask) and not self._blocked(mask, (0, len(mask)))),
            None,
        )
        conversation = {
            "constraints": constraints,
            "loose": loose if not masked.has(WordKind.NOT_SOLD) else None,
            "objects": self._bare_objects(masked),
            "joins": rules.joining.search(mask) is not None,
            "refines": constraints.any
            and "G" not in mask
            and len(mask) <= 20
            and rules.refinement.search(mask) is not None,
            "withdraws": rules.withdrawal.search(mask) is not None,
        }
        for opinion in rules.opinions:
            match = opinion.pattern.search(mask)
            if match and not (opinion.unless and opinion.unless.search(mask)):
                about = tuple(dict.fromkeys(_kept(token) for token in masked.tokens if token.is_goods))
                return Reading(Outcome.OPINION, opinion.reason, masked, None, about, **conversation)  # type: ignore[arg-type]
        if blocked is None and any(pattern.search(mask) for pattern in rules.implicit):
            need = Need(NeedClass.IMPLICIT, (), constraints, True, 0.0, "implicit", (0, len(masked.text.raw)))
            return Reading(Outcome.NEED, Reason.RECORDED, masked, need, **conversation)  # type: ignore[arg-type]
        reason = blocked or self._why_talk(masked)
        return Reading(Outcome.IGNORED, reason, masked, None, **conversation)  # type: ignore[arg-type]

    def _bare_objects(self, masked: MaskedText) -> tuple[str, ...]:
        if not _ONLY_OBJECTS.match(masked.mask):
            return ()
        return tuple(dict.fromkeys(_kept(token) for token in masked.tokens if token.is_goods))

    def _why_talk(self, masked: MaskedText) -> Reason:
        """Name the reason that explains best why talk stayed talk."""
        for blocker in self._rules.blockers:
            if blocker.applies(masked.mask):
                return blocker.reason
        if masked.text.quote is not None and not masked.has(WordKind.GOODS):
            return Reason.QUOTATION
        asks = masked.mask.rstrip(",").endswith(("?", "吗", "么", "呢"))
        return Reason.QUESTION if asks and masked.has(WordKind.GOODS) else Reason.TALK


def _kept(token: Token) -> str:
    return token.word.canonical if token.word else token.text
