import pytest

from relevo_server.accounts.names import BadName, display_name, name_in


@pytest.mark.parametrize(
    "typed", ["", "   ", "A" * 121, "Ana\u202eziuR", "Ana\nRuiz", "Ana\x00", "\u2067Ana"]
)
def test_M5_a_name_that_would_break_a_consent_dialog_is_refused(typed: str):
    with pytest.raises(BadName):
        display_name(typed)


def test_a_displayed_name_is_kept_as_typed_without_blanks_around():
    assert display_name("  Añez-Ruiz, José 李 ") == "Añez-Ruiz, José 李"


@pytest.mark.parametrize(
    ("organisation", "typed", "name"),
    [
        ("home", "ana", "ana"),
        ("home", "ana@empresa.example", "ana@empresa.example"),
        ("clinica", "ana", "ana@clinica"),
        ("clinica", "ana@clinica", "ana@clinica"),
        ("clinica", "a" * 56, "a" * 56 + "@clinica"),
    ],
)
def test_Q14_each_organisation_has_names_of_its_own(organisation: str, typed: str, name: str):
    assert name_in(organisation, typed) == name


@pytest.mark.parametrize(
    ("organisation", "typed"),
    [
        ("home", "ana@clinica"),
        ("home", "ana@"),
        ("clinica", "ana@empresa.example"),
        ("clinica", "ana@otra"),
        ("clinica", "@clinica"),
        ("clinica", "a" * 57),
    ],
)
def test_Q14_a_name_that_could_be_anothers_is_refused(organisation: str, typed: str):
    with pytest.raises(BadName):
        name_in(organisation, typed)
