"""How to make the model again."""

from model_build.report.findings import Findings
from model_build.report.markdown import bullets


def rebuild(findings: Findings) -> str:
    """Return the commands, and the hashes that identify recipe and corpus."""
    provenance = findings.contract.provenance
    name = findings.contract.name.removeprefix("timbrel-")
    base = " --base yamnet.tflite" if provenance.base else ""
    facts = [
        f"recipe: SHA-256 `{provenance.recipe_sha256}`",
        f"corpus' manifest: SHA-256 `{provenance.corpus_sha256}`",
        f"seed: {provenance.seed}",
    ]
    return (
        "```\nscript/setup build\n"
        "export TIMBREL_CORPUS=/path/to/corpus\n"
        f".venv/bin/timbrel-build all --recipe configs/recipe-{name}.yaml{base}\n```\n\n"
        f"{bullets(facts)}"
    )
