"""``qianqun groups relabel`` and ``qianqun groups train``: labels looked at again, and what reads them trained."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.cli.session import execute, opened_database, out, report
from bot.segmentation import IDLE_DAYS, Look, Segmentation
from catalog import repository as catalog_store
from core.clock import SystemClock
from core.settings import SettingsError
from groups.labels.classifier_training import Example, Trained, catalogue_examples, packaged_examples, train_model
from groups.labels.segmenting import Turned
from groups.state import LabelCause

_DEFAULT_OUTPUT = Path("category_model.json")
_MOST_CONFUSED = 15


def relabel(config: Path, group: str, *, dry_run: bool) -> int:
    """Look again at all groups, or at one; print what changes."""

    async def work() -> int:
        now = SystemClock().now()
        async with opened_database(config) as (settings, database):
            segmentation = Segmentation.of(settings.groups)
            cause = LabelCause.ASKED if group else None
            looks = await segmentation.run(database, now, cause=cause, dry=dry_run, called=group)
            idle = await segmentation.idle_rules(database, now)
        if group and not looks:
            text = f"no group that the bot is in has the topic or room id {group!r}; write it as the room shows it"
            raise SettingsError("GROUP", [("GROUP", text)])
        _print(looks, dry_run=dry_run)
        for rule in idle:
            out().print(
                f"{rule} has matched no topic and no room names for {IDLE_DAYS} days", markup=False, style="yellow"
            )
        return 0

    return execute(work)


def _print(looks: list[Look], *, dry_run: bool) -> None:
    count = 0
    for look in looks:
        count += bool(look.turned)
        for one in look.turned:
            out().print(f"{look.state.topic or look.state.room_id}: {_line(one)}", markup=False)
        unsure = look.judgement.unsure
        if len(looks) == 1 and unsure is not None:
            rests = f"{look.judgement.needs} needs and orders of {look.judgement.people} people"
            out().print(f"category not judged: {unsure.value} ({rests})", markup=False, style="dim")
    out().print(f"{count} group(s) {'would change' if dry_run else 'changed'}", markup=False)


def _line(one: Turned) -> str:
    what = f"{one.slot.kind.value}{'/' + one.slot.key if one.slot.key else ''} {one.value}"
    return f"{'+' if one.holds else '-'} {what} (by {one.source.value}, cause {one.cause.value})"


def train(config: Path | None, output: Path | None) -> int:
    """Train on the packaged texts and on the catalogue of a configuration; write the model and print its quality."""

    async def work() -> int:
        titles: list[Example] = []
        path = output or _DEFAULT_OUTPUT
        if config is not None:
            async with opened_database(config) as (settings, database):
                path = output or settings.groups.segmentation.category_model or _DEFAULT_OUTPUT
                async with database.reading() as session:
                    titles = catalogue_examples(await catalog_store.titles(session))
        packaged = packaged_examples()
        how = {"packaged_texts": len(packaged), "catalogue_titles": len(titles)}
        texts = {example.text: example for example in (*packaged, *titles)}  # the operator's own word wins
        trained = await asyncio.to_thread(train_model, list(texts.values()), how=how)
        try:
            await asyncio.to_thread(trained.write, path)
        except OSError as error:
            return report(SettingsError("--output", [("--output", f"{path} cannot be written: {error.strerror}")]))
        _print_quality(trained)
        out().print(f"written: {path}", markup=False)
        return 0

    return execute(work)


def _print_quality(trained: Trained) -> None:
    quality = trained.quality
    out().print(
        f"right on held-out texts: {quality.accuracy:.1%} of {trained.document['trained']['texts']}", markup=False
    )
    wrong = [(pair, count) for pair, count in quality.confusion.most_common() if pair[0] != pair[1]]
    for (true, taken), count in wrong[:_MOST_CONFUSED]:
        out().print(f"  {true} taken for {taken}: {count}", markup=False)
    for one in quality.bins:
        out().print(f"  sure {one.confidence:.2f}: right {one.right:.2f} of {one.texts}", markup=False)
    for name, count in trained.left_out.items():
        out().print(f"  {name}: left out, only {count} texts", markup=False, style="yellow")
