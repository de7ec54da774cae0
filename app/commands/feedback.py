"""`feedback export`."""

from pathlib import Path

import click

from app.commands.invocation import TENANT, actor, plain_errors
from app.config import Settings
from app.detection import load_model_spec
from app.services import build_record_services
from app.usecases.feedback.export import Exported, export_feedback


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `feedback`."""
    group = click.Group("feedback", help="The feedback of readers on images.")

    @group.command("export")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @click.option("--newest-wins", is_flag=True, help="Where readers contradict each other, take the newest answer.")
    @TENANT
    @plain_errors
    def export(folder: Path, newest_wins: bool, tenant: str) -> None:
        """Write a de-identified data set for training into DIR, which must be new or empty.

        Images without a whole verdict, or with readers who contradict each other, are left out and counted in the
        manifest. The images are not encrypted: protecting the folder is up to you.
        """
        regions = load_model_spec(settings.models_dir).regions
        _print(export_feedback(build_record_services(settings), actor(tenant), folder, regions, newest_wins), folder)

    return (group,)


def _print(done: Exported, folder: Path) -> None:
    splits = ", ".join(f"{count} for {split}" for split, count in sorted(done.images.items()))
    click.echo(f"Images written to {folder}: {splits}. Boxes: {done.boxes}.")
    if done.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(done.left_out.items()))
        click.echo(f"Left out: {reasons}.")
    if "val" not in done.images:
        click.echo("All come from one study, so none is kept for validation; training needs answers to another one.")
