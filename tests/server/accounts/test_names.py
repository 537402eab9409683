import pytest

from relevo_server.accounts.names import BadName, display_name


@pytest.mark.parametrize(
    "typed", ["", "   ", "A" * 121, "Ana\u202eziuR", "Ana\nRuiz", "Ana\x00", "\u2067Ana"]
)
def test_M5_a_name_that_would_break_a_consent_dialog_is_refused(typed: str):
    with pytest.raises(BadName):
        display_name(typed)


def test_a_displayed_name_is_kept_as_typed_without_blanks_around():
    assert display_name("  Añez-Ruiz, José 李 ") == "Añez-Ruiz, José 李"
