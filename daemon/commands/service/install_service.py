"""`timbrel install-service`: install, update or remove the systemd service."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from daemon.commands.service.service_files import (
    File,
    password_file,
    read_config,
    service_files,
    write,
)
from daemon.commands.service.service_manager import ServiceManager, manager_of
from daemon.errors import FailedError, InputError
from daemon.system import installation, unit


def install_service(
    config: Path | None, root: Path, *, of_user: bool, uninstall: bool, dry_run: bool
) -> int:
    """Install or update the service, or remove it if `uninstall`; return exit code 0.

    `config` is the configuration of the service; None: the default path. `root` is the root
    directory of the installed system. `of_user` selects the service of the current user.
    `dry_run` only prints what would be done. Raises InputError if something must be corrected
    first, FailedError if systemctl fails.
    """
    manager = manager_of(config, root, of_user=of_user)
    if not dry_run:
        _check_preconditions(manager, uninstall=uninstall)
    if uninstall:
        return _uninstall(manager, dry_run=dry_run)
    files = service_files(manager)
    if dry_run:
        _print_plan(manager, files)
        return 0
    is_update = manager.in_root(manager.unit).exists()
    for file in files:
        write(manager, file)
    for command in manager.install_commands:
        _run(command, manager)
    _print_result(
        manager,
        password_file(manager, read_config(manager)),
        "updated" if is_update else "installed",
    )
    return 0


def _check_preconditions(manager: ServiceManager, *, uninstall: bool) -> None:
    """Raise InputError, with a remedy, if there is no systemd or the user has no permission."""
    if shutil.which("systemctl") is None or (
        manager.root == Path("/") and not Path("/run/systemd/system").is_dir()
    ):
        run = shlex.join(["timbrel", "run", "--config", str(manager.config)])
        raise InputError(f"this machine does not run systemd; have its init system start `{run}`")
    program = installation.program(of_user=manager.of_user)
    if manager.of_user:
        if os.geteuid() == 0:
            raise InputError(
                "--user installs a service of the current user; run it as that user, not as root"
            )
    elif not _may_write(manager.in_root(manager.unit)):
        raise InputError(
            f"only root can write {manager.in_root(manager.unit)}: "
            f"run: {_as_root(program, manager, uninstall=uninstall)}; "
            "or use --user for a service of your own"
        )


def _as_root(program: Path, manager: ServiceManager, *, uninstall: bool) -> str:
    """Return the command line that does the same with root permissions."""
    command = ["sudo", str(program), "install-service"]
    if uninstall:
        command.append("--uninstall")
    if manager.root != Path("/"):
        command += ["--root", str(manager.root)]
    if manager.config != unit.CONFIG:
        command += ["--config", str(manager.config)]
    return shlex.join(command)


def _may_write(path: Path) -> bool:
    """Return whether this user can create the file and the folders that it needs."""
    return os.access(next(folder for folder in path.parents if folder.exists()), os.W_OK)


def _print_plan(manager: ServiceManager, files: Sequence[File]) -> None:
    """Print the files that would be written and the commands that would be run."""
    for file in files:
        path = manager.in_root(file.path)
        if file.keep and path.exists():
            print(f"# {path} exists and is kept\n")
            continue
        print(f"# {path}, mode {file.mode:04o}:\n{file.text}")
    for command in manager.install_commands:
        print(f"# run: {shlex.join(command)}")


def _run(command: Sequence[str], manager: ServiceManager) -> None:
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[0]
        raise FailedError(f"{shlex.join(command)}: {reason}; see {_journal(manager)}")


def _journal(manager: ServiceManager) -> str:
    return f"journalctl {'--user ' if manager.of_user else ''}-u {unit.NAME.partition('.')[0]}"


def _print_result(manager: ServiceManager, password: Path, verb: str) -> None:
    control = shlex.join(manager.systemctl())
    print(f"{verb}: {manager.in_root(manager.unit)}")
    print(f"settings:  {manager.in_root(manager.config)}, then {control} restart timbrel")
    print(f"password:  {manager.in_root(password)}")
    print(f"log:       {_journal(manager)} -f")
    if manager.of_user:
        print("to listen while nobody is logged in: loginctl enable-linger")


def _uninstall(manager: ServiceManager, *, dry_run: bool) -> int:
    path = manager.in_root(manager.unit)
    after = [manager.systemctl("daemon-reload")] if manager.root == Path("/") else []
    if dry_run:
        for command in manager.uninstall_commands:
            print(f"# run: {shlex.join(command)}")
        print(f"# remove {path}")
        for command in after:
            print(f"# run: {shlex.join(command)}")
        return 0
    if not path.exists():
        raise InputError(f"the service is not installed: {path} does not exist")
    for command in manager.uninstall_commands:
        _run(command, manager)
    path.unlink()
    for command in after:
        _run(command, manager)
    print(f"removed:   {path}")
    kept = "/var/lib/private/timbrel" if not manager.of_user else "~/.local/state/timbrel"
    print(f"kept:      {manager.in_root(manager.config).parent}, and the saved state in {kept}")
    return 0
