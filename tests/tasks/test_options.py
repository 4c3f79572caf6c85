from tunescope.tasks.example import LabelKind
from tunescope.tasks.options import check_options, option_names


def read(
    path: str, *, encoding: str = "utf-8", label_kind: LabelKind = LabelKind.CLASS, quoted: bool = False
) -> None:
    """Stand in for a reader."""


def test_names_are_those_of_keyword_only_parameters():
    assert option_names(read) == ("encoding", "label_kind", "quoted")


def test_values_take_the_type_of_their_parameter():
    options = check_options(read, {"label_kind": "number", "quoted": "false"}, owner="format 'x'")
    assert options == {"label_kind": LabelKind.NUMBER, "quoted": False}


def test_unknown_option(refusal):
    message = refusal(check_options, read, {"encodign": "x"}, owner="format 'x'")
    assert "The format 'x' has no such option" in message
    assert "did you mean 'encoding'?" in message
    assert "what to do" not in refusal(check_options, read, {"zzz": "x"}, owner="format 'x'")


def test_function_without_options(refusal):
    assert "expected: no option" in refusal(check_options, repr, {"a": 1}, owner="format 'x'")


def test_unsuitable_value(refusal):
    message = refusal(check_options, read, {"quoted": "maybe"}, owner="format 'x'")
    assert "An option of the format 'x' has an unsuitable value" in message
    assert "where: quoted" in message
    assert "got: 'maybe'" in message
    assert "'class'" in refusal(check_options, read, {"label_kind": "klass"}, owner="format 'x'")
