import msgspec

from model_build.lab.experiment.schema import SECTIONS, key_texts, schema
from tests.conftest import ROOT

FILE = ROOT / "configs" / "lab" / "experiment.schema.json"


def test_documents_every_key() -> None:
    for section in SECTIONS:
        texts = key_texts(section)
        assert set(texts) == {field.name for field in msgspec.structs.fields(section)}
        assert all(text.endswith(".") for text in texts.values()), section


def test_refuses_unknown_keys_as_the_reader_does() -> None:
    definitions = schema()["$defs"]
    assert len(definitions) == len(SECTIONS)
    assert not any(one["additionalProperties"] for one in definitions.values())


def test_shipped_file_is_current() -> None:
    assert msgspec.json.decode(FILE.read_bytes()) == msgspec.json.decode(
        msgspec.json.encode(schema())
    )


def test_docs_have_the_text_of_every_key() -> None:
    page = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    for section in SECTIONS[1:]:
        for name, text in key_texts(section).items():
            assert any(
                line.startswith(f"| `{name}` |") and line.endswith(f"| {text} |")
                for line in page.splitlines()
            ), f"{section.__name__}.{name}"
