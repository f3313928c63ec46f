"""The ``[recommender]`` section: when the bot may speak and how certain it must be."""

from __future__ import annotations

from datetime import time
from typing import Self

from pydantic import Field, field_validator, model_validator

from core.settings import Section


class QuietHours(Section):
    """A daily span in local time in which nothing unasked is said; may cross midnight."""

    start: time = Field(default=time(22, 0), description="First minute of silence, local time.")
    end: time = Field(default=time(8, 0), description="First minute of speaking; equal to start: no quiet hours.")

    def covers(self, moment: time) -> bool:
        """Tell whether a local time lies in the span."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class ResultSettings(Section):
    """How what came of earlier pushes changes how sure the next one must be in the same group."""

    enabled: bool = Field(default=True, description="False: only the threshold decides; results are still noted.")
    hours: float = Field(
        default=12, gt=0, le=168, description="Hours in which an order counts as an answer to a push; then none came."
    )
    usual: float = Field(default=0.15, gt=0, lt=1, description="Share of pushes that is wanted in a usual group.")
    trust: float = Field(default=20, gt=0, description="Pushes that the usual share weighs against a group's own.")
    half_life_days: float = Field(
        default=60, gt=0, le=3650, description="Days in which a result loses half its weight."
    )
    lowest: float = Field(default=0.5, ge=0, le=1, description="Results never let a push with a lower score go out.")
    highest: float = Field(default=0.8, ge=0, le=1, description="Results never hold a push with a higher score back.")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(
                f"lowest ({self.lowest}) is above highest ({self.highest}); lower the one or raise the other"
            )
        return self


class RecommenderSettings(Section):
    """Thresholds, caps and memory of pushes."""

    threshold: float = Field(
        default=0.5, ge=0, le=1, description="Least certainty of a push, 0 to 1; a group may have its own."
    )
    results: ResultSettings = Field(default=ResultSettings(), description="Learning from what came of pushes.")
    need_model: str = Field(
        default="",
        description="Model that says how sure a need is: empty the packaged one, off none, else a file's path.",
    )
    compiled: bool = Field(
        default=True,
        description="Whether texts go through compiled code; without, jieba cuts: some 100 MB less, many times slower.",
    )
    max_products: int = Field(default=3, ge=1, le=5, description="Most products in one push.")
    limits: bool = Field(
        default=True, description="False switches quiet hours, caps and the memory of what was shown off."
    )
    quiet_hours: QuietHours = Field(default=QuietHours(), description="When no push is sent.")
    answers_per_group_per_day: int = Field(default=6, ge=0, description="Most answers to needs in one group a day.")
    answers_per_account_per_day: int = Field(
        default=400, ge=0, description="Most answers to needs of one account a day."
    )
    member_pause_minutes: float = Field(
        default=10, ge=0, description="Minutes until the same member is answered again."
    )
    shown_again_hours: float = Field(
        default=6, ge=0, description="Hours until the same product is shown again in a group."
    )
    answered_minutes: float = Field(
        default=20, ge=0, description="Minutes in which an answered need is not answered again."
    )
    joining_minutes: float = Field(default=5, ge=0, description="Minutes in which +1 joins somebody else's need.")
    context_minutes: float = Field(default=3, ge=0, description="Minutes over which one need may spread over messages.")
    refinement_minutes: float = Field(default=10, ge=0, description="Minutes in which a member may narrow a need down.")
    push_lifetime_minutes: float = Field(
        default=10, gt=0, description="Minutes after which an unsent push makes no sense."
    )
    suggestion_lifetime_hours: float = Field(default=12, gt=0, description="Hours a leader has to answer a suggestion.")
    forbidden_words: tuple[str, ...] = Field(
        default=("药", "处方", "香烟", "电子烟", "烟草", "枪", "野味", "活禽疫苗"),
        description="Products with one of these words in title or category are never shown: not legally sold by chat.",
    )

    @field_validator("forbidden_words")
    @classmethod
    def _no_empty_word(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if any(not word.strip() for word in words):
            raise ValueError("an empty word would forbid every product; remove it")
        return words
