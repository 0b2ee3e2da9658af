"""The other models that the page can hear a recording with."""

from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hearing.model_file import Contract, read_contract
from daemon.hearing.network_trial import try_out
from daemon.hearing.rules import Rules, model_rules
from daemon.runtime.wiring import model_path


class PageModel(NamedTuple):
    """A model, and the rules that turn its scores into events."""

    file: Path
    """The model file."""
    contract: Contract
    """What it states."""
    rules: list[Rules]
    """The rules of each of its families or classes."""


def page_models(settings: Settings) -> list[PageModel]:
    """Return the models of `web.models`, in order.

    The tracker's exceptions for families belong to the model of the places, so they are not
    applied. This forks, so call it before any thread is started. Raises InputError, with a line
    for each fault, if a model cannot be used or two have the same name and version.
    """
    if not settings.web.models:
        return []
    usual = read_contract(model_path(settings.model)).title
    found: dict[str, PageModel] = {}
    faults: list[str] = []
    common = replace(settings.tracker, families={})
    for file in map(Path, settings.web.models):
        try:
            try_out(file)
            contract = read_contract(file)
            rules = model_rules(common, contract, settings.audio.hop_seconds)
        except InputError as error:
            faults += [f"web.models: {line}" for line in error.lines]
            continue
        if contract.title == usual:
            faults.append(f"web.models: {file} is {usual}, which the page has already; remove it")
            continue
        if contract.title in found:
            first = found[contract.title].file
            faults.append(f"web.models: {first} and {file} are both {contract.title}; remove one")
        found[contract.title] = PageModel(file, contract, rules)
    if faults:
        raise InputError(*faults)
    return list(found.values())
