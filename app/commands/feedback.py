"""`feedback export` and `support export`: images that leave the app, de-identified."""

from pathlib import Path

import click

from app.commands.invocation import TENANT, actor, plain_errors
from app.config import Settings
from app.detection import load_model_spec
from app.services import build_record_services
from app.usecases.burned_text import POLICIES, BurnedText, TextPolicy, read_masks
from app.usecases.feedback.export import Exported, export_feedback
from app.usecases.support import export_for_support

_TEXT = click.option(
    "--text",
    type=click.Choice(POLICIES),
    default="set-aside",
    show_default=True,
    help="What happens to images with what may be text burned into them.",
)
_MASKS = click.option(
    "--masks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of image, x1, y1, x2, y2: what to paint over in images that you have looked at.",
)


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The groups `feedback` and `support`."""
    return _feedback(settings), _support(settings)


def _feedback(settings: Settings) -> click.Group:
    group = click.Group("feedback", help="The feedback of readers on images.")

    @group.command("export")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @click.option("--newest-wins", is_flag=True, help="Where readers contradict each other, take the newest answer.")
    @_TEXT
    @_MASKS
    @TENANT
    @plain_errors
    def export(folder: Path, newest_wins: bool, text: TextPolicy, masks: Path | None, tenant: str) -> None:
        """Write a de-identified data set for training into DIR, which must be new or empty.

        Images without a whole verdict, or with readers who contradict each other, are left out and counted in the
        manifest. The images are not encrypted: protecting the folder is up to you.
        """
        regions = load_model_spec(settings.models_dir).regions
        burned = BurnedText(text, read_masks(masks) if masks else {})
        services = build_record_services(settings)
        _print(export_feedback(services, actor(tenant), folder, regions, newest_wins, text=burned), folder)

    return group


def _support(settings: Settings) -> click.Group:
    group = click.Group("support", help="What goes along with a report of a fault.")

    @group.command("export")
    @click.argument("study")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @_TEXT
    @_MASKS
    @TENANT
    @plain_errors
    def export(study: str, folder: Path, text: TextPolicy, masks: Path | None, tenant: str) -> None:
        """Write the de-identified images and the assessments of STUDY into DIR, which must be new or empty.

        DICOM images are de-identified by PS3.15 Annex E, Basic Profile. The images are not encrypted.
        """
        burned = BurnedText(text, read_masks(masks) if masks else {})
        done = export_for_support(build_record_services(settings), actor(tenant), study, folder, burned)
        click.echo(f"Images written to {folder}: {done.images}, painted over: {done.painted}.")
        for image in done.suspected:
            click.echo(f"Left out, as it may show text: image {image}.")

    return group


def _print(done: Exported, folder: Path) -> None:
    splits = ", ".join(f"{count} for {split}" for split, count in sorted(done.images.items()))
    click.echo(f"Images written to {folder}: {splits}. Boxes: {done.boxes}.")
    if done.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(done.left_out.items()))
        click.echo(f"Left out: {reasons}.")
    if done.painted:
        click.echo(f"Painted over: {done.painted}.")
    for study, image in done.suspected:
        click.echo(f"May show text: image {image} of study {study}.")
    if "val" not in done.images:
        click.echo("All come from one study, so none is kept for validation; training needs answers to another one.")
