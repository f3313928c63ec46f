"""The ``qianqun`` command: what can be asked, with an example for each; the work is imported when it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from bot.cli.options import Config
from bot.cli.people import groups_app, members_app
from bot.cli.quality import eval_app, train_app

app = typer.Typer(
    name="qianqun",
    help="千群: a chat bot that hears what a group needs, finds it among the suppliers and says it in the group.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
catalog_app = typer.Typer(help="Suppliers' products: sync, list, show.", no_args_is_help=True)
sending_app = typer.Typer(help="The kill switch: stop all sending at once, or let it go on.", no_args_is_help=True)
orders_app = typer.Typer(help="Orders: list and export offers, read a 接龙.", no_args_is_help=True)
app.add_typer(catalog_app, name="catalog")
app.add_typer(sending_app, name="sending")
app.add_typer(orders_app, name="orders")
app.add_typer(groups_app, name="groups")
app.add_typer(members_app, name="members")
app.add_typer(eval_app, name="eval")
app.add_typer(train_app, name="train")


@app.command(epilog="Example: `qianqun run --config config.toml`")
def run(config: Config) -> None:
    """Run the bot: channels, scheduler and everything between, until Ctrl-C."""
    from bot.cli import serving  # noqa: PLC0415 - heavy; --help stays quick

    raise typer.Exit(serving.run(config))


@app.command(epilog="Example: `qianqun demo --port 8700` · `qianqun demo --script-only`")
def demo(
    port: Annotated[int, typer.Option(help="Port of the chat page; 0 takes any free one.", min=0, max=65535)] = 8620,
    script_only: Annotated[bool, typer.Option("--script-only", help="Print the conversation and end.")] = False,
) -> None:
    """Show the main job with no account and no server: a scripted conversation, then a chat page on this machine."""
    from bot.cli import demonstrating  # noqa: PLC0415

    raise typer.Exit(demonstrating.demo(port, script_only=script_only))


@app.command(epilog="Example: `qianqun check --config config.toml`")
def check(config: Config) -> None:
    """Check settings, feeds, database and channels; name each fault; exit with 2 if there is one."""
    from bot.cli import checking  # noqa: PLC0415

    raise typer.Exit(checking.check(config))


@app.command(epilog="Example: `qianqun warmup` · `qianqun warmup --anew`")
def warmup(
    anew: Annotated[bool, typer.Option("--anew", help="Drop the kept code first and compile all of it.")] = False,
) -> None:
    """Make what a start keeps for the next one, such as compiled code: the first is then as quick as the second."""
    from bot.cli import warming  # noqa: PLC0415

    raise typer.Exit(warming.warm(anew=anew))


@app.command(
    epilog="Example: `qianqun match --catalog products.csv 草莓 儿童防晒` · `... --format jsonl - < queries.txt`"
)
def match(
    catalog: Annotated[Path, typer.Option(help="CSV with at least the columns id and title.", dir_okay=False)],
    query: Annotated[Optional[list[str]], typer.Argument(help="Queries; - or none reads one per line.")] = None,  # noqa: UP045 - typer reads the annotation
    top: Annotated[int, typer.Option(help="Results per query.", min=1, max=1000)] = 10,
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
) -> None:
    """Rank a catalogue file for queries: the bare retrieval, no need detection and no filters."""
    from bot.cli import matching  # noqa: PLC0415

    raise typer.Exit(matching.match(catalog, query or ["-"], top=top, form=format))


@app.command(epilog="Example: `qianqun replay chat.jsonl --config config.toml --format jsonl`")
def replay(
    file: Annotated[Path, typer.Argument(help="JSON Lines, or chat as WeChat copies it; - for standard input.")],
    config: Config,
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="No caps, quiet hours or memory of what was shown.")
    ] = False,
    group: Annotated[str, typer.Option(help="Topic of the group that copied chat comes from.")] = "transcript",
) -> None:
    """Run a transcript through the same pipeline against a scratch database and say what the bot would have done."""
    from bot.cli import replaying  # noqa: PLC0415

    raise typer.Exit(replaying.replay_file(file, config, form=format, unlimited=unlimited, group=group))


@app.command(epilog="Example: `qianqun relay 阳光小区水果群 chat.txt --config config.toml --leader 林姐`")
def relay(
    group: Annotated[str, typer.Argument(help="Name of the group that the bot is not in.")],
    config: Config,
    file: Annotated[str, typer.Argument(help="Chat as WeChat copies it, or one 接龙; - for standard input.")] = "-",
    leader: Annotated[str, typer.Option(help="What the leader is called in the pasted chat.")] = "团长",
    folder: Annotated[Path, typer.Option(help="Where exported files are written.", file_okay=False)] = Path("."),
) -> None:
    """Work by hand: take pasted chat of a group into the order book and print the texts to paste back."""
    from bot.cli import relaying  # noqa: PLC0415

    raise typer.Exit(relaying.relay_file(group, file, config, leader=leader, folder=folder))


@catalog_app.command("sync", epilog="Example: `qianqun catalog sync --config config.toml qingguo`")
def catalog_sync(
    config: Config,
    supplier: Annotated[Optional[list[str]], typer.Argument(help="Supplier ids; none means all.")] = None,  # noqa: UP045
) -> None:
    """Read suppliers' feeds into the database, with progress; broken rows are named, the rest goes in."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.sync(config, supplier or []))


@catalog_app.command("list", epilog="Example: `qianqun catalog list --config config.toml --text 草莓 --limit 20`")
def catalog_list(
    config: Config,
    supplier: Annotated[str, typer.Option(help="Only this supplier.")] = "",
    text: Annotated[str, typer.Option(help="Only products with this in title, brand or category.")] = "",
    limit: Annotated[int, typer.Option(help="Most products.", min=1, max=10_000)] = 50,
) -> None:
    """List products."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.list_products(config, supplier=supplier, text=text, limit=limit))


@catalog_app.command("show", epilog="Example: `qianqun catalog show --config config.toml qingguo/QG1001`")
def catalog_show(
    product: Annotated[str, typer.Argument(help="Our id, or SUPPLIER/THEIR-ID.")],
    config: Config,
) -> None:
    """Show one product with everything that is known of it."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.show(config, product))


@orders_app.command("list", epilog="Example: `qianqun orders list --config config.toml`")
def orders_list(config: Config) -> None:
    """List the offers, newest first: id, state, title, how many people ordered."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.list_offers(config))


@orders_app.command("export", epilog="Example: `qianqun orders export 周末水果 --config config.toml --format csv`")
def orders_export(
    offer: Annotated[str, typer.Argument(help="An offer's id, or its title: then the newest of that name.")],
    config: Config,
    format: Annotated[str, typer.Option("--format", help="xlsx or csv.")] = "xlsx",
    folder: Annotated[Path, typer.Option(help="Where the files are written.", file_okay=False)] = Path("."),
) -> None:
    """Write an offer's order book: by person, by item, by building, and the packing sheet."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.export(offer, config, form=format, folder=folder))


@orders_app.command("parse", epilog="Example: `qianqun orders parse chain.txt --format jsonl`")
def orders_parse(
    file: Annotated[str, typer.Argument(help="One pasted 接龙, text or XML; - for standard input.")] = "-",
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
) -> None:
    """Read one pasted 接龙: header, entries, what is no order and why. Needs no settings and no catalogue."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.parse(file, format))


@app.command(epilog="Example: `qianqun audit --config config.toml --about wxid_abc --limit 20`")
def audit(
    config: Config,
    who: Annotated[str, typer.Option(help="Only what this contact id did.")] = "",
    about: Annotated[str, typer.Option(help="Only what was done with this contact id's data.")] = "",
    limit: Annotated[int, typer.Option(help="Most entries.", min=1, max=10_000)] = 50,
) -> None:
    """Show who looked at, exported or deleted personal data; people stand there as keyed hashes."""
    from bot.cli import auditing  # noqa: PLC0415

    raise typer.Exit(auditing.show(config, who=who, about=about, limit=limit))


@sending_app.command("stop", epilog="Example: `qianqun sending stop --config config.toml --reason 账号异常`")
def sending_stop(
    config: Config,
    account: Annotated[str, typer.Option(help="CHANNEL/ACCOUNT; default: everything.")] = "*",
    reason: Annotated[str, typer.Option(help="Why; shown by status.")] = "by hand",
) -> None:
    """Stop all sending within a second, over restarts, until resumed."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.throw(config, account, stopped=True, reason=reason))


@sending_app.command("resume", epilog="Example: `qianqun sending resume --config config.toml`")
def sending_resume(
    config: Config,
    account: Annotated[str, typer.Option(help="CHANNEL/ACCOUNT; default: everything.")] = "*",
) -> None:
    """Let sending go on."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.throw(config, account, stopped=False, reason=""))


@sending_app.command("status", epilog="Example: `qianqun sending status --config config.toml`")
def sending_status(config: Config) -> None:
    """Show the switches and how many messages stand in each state."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.status(config))


def main() -> None:
    """Run the command that was typed."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
