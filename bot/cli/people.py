"""``qianqun groups …`` and ``qianqun members …``: groups, and people's data; the work is imported when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from bot.cli.options import Config

groups_app = typer.Typer(help="Groups: what they are, and what changes it.", no_args_is_help=True)
members_app = typer.Typer(help="People's data: hand it out, delete it.", no_args_is_help=True)


@groups_app.command("list", epilog="Example: `qianqun groups list --config config.toml --label 水果`")
def groups_list(
    config: Config,
    segment: Annotated[str, typer.Option(help="Only groups of this segment.")] = "",
    label: Annotated[str, typer.Option(help="Only groups with this label: 水果, 宠物=猫.")] = "",
) -> None:
    """List the groups the bot is in, with their labels and segments."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.list_groups(config, segment=segment, label=label))


@groups_app.command("show", epilog="Example: `qianqun groups show 阳光小区水果群 --config config.toml`")
def groups_show(
    group: Annotated[str, typer.Argument(help="Its id, its room's id, or its topic.")],
    config: Config,
) -> None:
    """Show one group: its labels and why they count, its segments, and what they change."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.show(group, config))


@groups_app.command("why", epilog="Example: `qianqun groups why 阳光小区水果群 --config config.toml --limit 20`")
def groups_why(
    group: Annotated[str, typer.Argument(help="Its id, its room's id, or its topic.")],
    config: Config,
    limit: Annotated[int, typer.Option(help="Most needs.", min=1, max=10_000)] = 20,
) -> None:
    """Say why the bot did or did not speak in a group: its latest needs with the numbers, and what came of pushes."""
    from bot.cli import pushing  # noqa: PLC0415

    raise typer.Exit(pushing.why(group, config, limit=limit))


@groups_app.command("segments", epilog="Example: `qianqun groups segments --config config.toml`")
def groups_segments(config: Config) -> None:
    """List the segments of the settings: their rules, how many groups match, which match none or disagree."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.list_segments(config))


@groups_app.command("relabel", epilog="Example: `qianqun groups relabel --config config.toml 阳光小区水果群 --dry-run`")
def groups_relabel(
    config: Config,
    group: Annotated[
        str, typer.Argument(help="Topic or room id; none means all. One that is named need not wait.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the changes and store none.")] = False,
) -> None:
    """Look again at what groups are, list what that changes and why, and name rules that match nothing."""
    from bot.cli import relabelling  # noqa: PLC0415

    raise typer.Exit(relabelling.relabel(config, group, dry_run=dry_run))


@groups_app.command("train", epilog="Example: `qianqun groups train --config config.toml --output category_model.json`")
def groups_train(
    config: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Option("--config", help="Also learn from this catalogue's titles.", dir_okay=False),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where the model is written; default: groups.segmentation.category_model.", dir_okay=False),
    ] = None,
) -> None:
    """Train the model that reads categories from needs and orders, and print how good it is."""
    from bot.cli import relabelling  # noqa: PLC0415

    raise typer.Exit(relabelling.train(config, output))


Contact = Annotated[str, typer.Argument(help="The person's contact id, as the channel has it.")]
OfChannel = Annotated[str, typer.Option("--channel", help="The channel that knows them; needed when several do.")]
OfAccount = Annotated[str, typer.Option("--account", help="The bot's account that knows them, likewise.")]


@members_app.command("export", epilog="Example: `qianqun members export wxid_abc --config config.toml --format json`")
def members_export(
    contact: Contact,
    config: Config,
    channel: OfChannel = "",
    account: OfAccount = "",
    format: Annotated[str, typer.Option("--format", help="xlsx or json.")] = "xlsx",
    folder: Annotated[Path, typer.Option(help="Where the file is written.", file_okay=False)] = Path("."),
) -> None:
    """Write everything that is kept about one person into a file, as 我的数据 does in the chat."""
    from bot.cli import membering  # noqa: PLC0415

    whom = membering.Whom(contact, channel, account)
    raise typer.Exit(membering.export(whom, config, form=format, folder=folder))


@members_app.command("erase", epilog="Example: `qianqun members erase wxid_abc --config config.toml --yes`")
def members_erase(
    contact: Contact,
    config: Config,
    channel: OfChannel = "",
    account: OfAccount = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything about one person, as 删除我的数据 does in the chat; the bot may run meanwhile."""
    from bot.cli import membering  # noqa: PLC0415

    raise typer.Exit(membering.erase(membering.Whom(contact, channel, account), config, sure=yes))
