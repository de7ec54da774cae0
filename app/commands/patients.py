"""`patients export`, `erase`, `hold` and `release`."""

from pathlib import Path

import click

from app.commands.invocation import TENANT, actor, plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.patients.rights import erase_patient, export_patient, hold_patient


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `patients`."""
    group = click.Group("patients", help="Everything about one patient, by patient number.")

    @group.command("export")
    @click.argument("patient_id", metavar="ID")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @TENANT
    @plain_errors
    def export(patient_id: str, folder: Path, tenant: str) -> None:
        """Write every study of a patient into DIR, which must be new or empty; the files are not encrypted."""
        count = export_patient(build_record_services(settings), actor(tenant), patient_id, folder)
        click.echo(f"{count} studies written to {folder}.")

    @group.command("erase")
    @click.argument("patient_id", metavar="ID")
    @TENANT
    @plain_errors
    def erase(patient_id: str, tenant: str) -> None:
        """Delete every study of a patient, and the keys that open them."""
        click.echo(f"{erase_patient(build_record_services(settings), actor(tenant), patient_id)} studies erased.")

    @group.command("hold")
    @click.argument("patient_id", metavar="ID")
    @TENANT
    @plain_errors
    def hold(patient_id: str, tenant: str) -> None:
        """Put every study that a patient has now under a legal hold: nothing deletes it."""
        count = hold_patient(build_record_services(settings), actor(tenant), patient_id, is_held=True)
        click.echo(f"{count} studies held.")

    @group.command("release")
    @click.argument("patient_id", metavar="ID")
    @TENANT
    @plain_errors
    def release(patient_id: str, tenant: str) -> None:
        """End the legal hold of every study of a patient."""
        count = hold_patient(build_record_services(settings), actor(tenant), patient_id, is_held=False)
        click.echo(f"{count} studies released.")

    return (group,)
