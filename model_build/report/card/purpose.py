"""The introduction of the card: what the model does, and what it is for."""

from daemon.hearing.patch_grid import GRID_SECONDS, patch_seconds
from model_build.report.findings import Findings
from model_build.report.markdown import bullets


def purpose(findings: Findings) -> str:
    """Return the intended use and the main facts."""
    contract, size = findings.contract, findings.ours.size_bytes
    families = f"{len(contract.families)} instrument families: {', '.join(contract.families)}"
    of_size = f" of {size / 1e6:.2f} MB" if size else ""
    patches = f"patches of {contract.patch_frames} log-mel frames"
    sound = f"{patch_seconds(contract):.1f} s of sound at {contract.front_end.sample_rate_hz} Hz"
    facts = [
        f"processes a patch of about {sound}, every {GRID_SECONDS:g} s",
        f"gives a score in 0..1 for each of {families}; several can be high at once",
        f"is an int8 network{of_size} whose input is {patches}",
    ]
    if base := contract.provenance.base:
        facts.append(
            f"started from the weights of {base} (Google, {contract.provenance.base_licence}), see "
            "NOTICE"
        )
    return (
        "This model recognizes the families of the instruments that are played in a room. It is "
        "meant for lights, scenes and practice logs at home, on a small computer that does not "
        "send the sound anywhere. It\n\n"
        f"{bullets(facts)}\n\n"
        "It is not meant for identifying people or pieces, for judging performances, for "
        "monitoring speech, or for any use in which a missed or a wrong event does harm. It does "
        "not distinguish recorded music from a loudspeaker from live music."
    )
