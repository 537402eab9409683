from collections.abc import Iterator

import pytest

from relevo_agent.features.input import InputFeature
from relevo_agent.platform.base import InjectorFailed
from relevo_agent.platform.x11 import X11Injector
from relevo_protocol.messages.input import (
    KeyPress,
    Modifiers,
    PointerButton,
    PointerMove,
    ReleaseAll,
    SpecialCombo,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.screen import Monitor, ScreenLayout
from tests.agent.desktop import event_log, set_layout, text_field, wait_for, xvfb

SCREEN = ScreenLayout(
    width=1280,
    height=800,
    monitors=[Monitor(id=1, x=100, y=50, width=400, height=300, primary=True)],
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with xvfb() as name:
        set_layout(name, "us")
        yield name


@pytest.fixture
def feature(display: str) -> Iterator[InputFeature]:
    injector = X11Injector(display, lambda: False)
    yield InputFeature(injector)
    injector.close()


def button(x: float, y: float, *, down: bool, monitor: int = 0) -> PointerButton:
    return PointerButton(monitor=monitor, x=x, y=y, button=0, down=down, seen=1)


def press(code: str, key: str, *, down: bool, modifiers: int = 0) -> KeyPress:
    return KeyPress(code=code, key=key, down=down, modifiers=modifiers)


@pytest.mark.parametrize("pixel", [(0, 0), (1, 1), (333, 217), (599, 399)])
def test_I1_click_lands_on_the_pixel(display: str, feature: InputFeature, pixel: tuple[int, int]) -> None:
    x, y = pixel
    with event_log(display) as events:
        feature.perform(1, button((x + 0.5) / 1280, (y + 0.5) / 800, down=True), SCREEN)
        feature.perform(1, button((x + 0.5) / 1280, (y + 0.5) / 800, down=False), SCREEN)
        expected = [f"ButtonPress 1 {x} {y}", f"ButtonRelease 1 {x} {y}"]
        wait_for(lambda: events() == expected, lambda: str(events()))


def test_I1_a_monitor_has_its_own_coordinates(display: str, feature: InputFeature) -> None:
    with event_log(display) as events:
        feature.perform(1, button(0.5 / 400, 0.5 / 300, down=True, monitor=1), SCREEN)
        feature.release()
        expected = ["ButtonPress 1 100 50", "ButtonRelease 1 100 50"]
        wait_for(lambda: events() == expected, lambda: str(events()))


def test_S4_release_lets_keys_modifiers_and_buttons_go(display: str, feature: InputFeature) -> None:
    with event_log(display) as events:
        feature.perform(1, press("ShiftLeft", "Shift", down=True, modifiers=Modifiers.SHIFT), SCREEN)
        feature.perform(1, press("ArrowLeft", "ArrowLeft", down=True, modifiers=Modifiers.SHIFT), SCREEN)
        feature.perform(1, button(0.1, 0.1, down=True), SCREEN)
        held = feature.holds
        feature.perform(1, ReleaseAll(), SCREEN)
        assert (held, feature.holds) == (True, False)

        def released() -> bool:
            kinds = {" ".join(line.split()[:2]) for line in events()}
            return {"KeyRelease Left", "KeyRelease Shift_L", "ButtonRelease 1"} <= kinds

        wait_for(released, lambda: str(events()))


def test_I3_modifiers_are_synchronised_from_each_event(display: str, feature: InputFeature) -> None:
    with event_log(display) as events:
        feature.perform(1, press("ControlLeft", "Control", down=True, modifiers=Modifiers.CONTROL), SCREEN)
        # Its release was lost on the way; the next key says that nothing is held.
        feature.perform(1, press("ArrowUp", "ArrowUp", down=True, modifiers=0), SCREEN)
        feature.perform(1, press("ArrowUp", "ArrowUp", down=False, modifiers=0), SCREEN)
        wait_for(lambda: "KeyPress Up 0" in events(), lambda: str(events()))
        assert not feature.holds


@pytest.mark.parametrize(("layout", "code"), [("us", "KeyA"), ("fr", "KeyA"), ("es", "KeyA"), ("de", "KeyZ")])
def test_I3_a_shortcut_means_its_letter_on_any_layout(
    display: str, feature: InputFeature, layout: str, code: str
) -> None:
    letter = code[-1].lower()
    set_layout(display, layout)
    try:
        with event_log(display) as events:
            feature.perform(1, press(code, letter, down=True, modifiers=Modifiers.CONTROL), SCREEN)
            feature.perform(1, press(code, letter, down=False, modifiers=0), SCREEN)
            feature.release()
            wait_for(lambda: f"KeyPress {letter} 4" in events(), lambda: str(events()))
    finally:
        set_layout(display, "us")


def test_I2_caps_lock_of_the_customer_changes_nothing(display: str, feature: InputFeature) -> None:
    injector = feature._injector
    assert isinstance(injector, X11Injector)
    lock = injector._keymap.keycode(0xFFE5)
    assert lock is not None
    with text_field(display) as content:
        injector._tap(lock)
        feature.perform(1, TextInput(text="aB ñÑ €"), SCREEN)
        wait_for(lambda: content() == "aB ñÑ €", content)
        mask = injector._display.screen().root.query_pointer().mask
        injector._tap(lock)
        injector._display.sync()
        assert mask & 2, "Caps Lock is put back"


def test_I2_held_modifiers_do_not_turn_text_into_shortcuts(display: str, feature: InputFeature) -> None:
    with text_field(display) as content:
        feature.perform(1, press("ControlLeft", "Control", down=True, modifiers=Modifiers.CONTROL), SCREEN)
        feature.perform(1, TextInput(text="dkh"), SCREEN)
        wait_for(lambda: content() == "dkh", content)
        feature.release()


def test_special_combination_is_pressed_and_released(display: str, feature: InputFeature) -> None:
    with event_log(display) as events:
        feature.perform(1, SpecialKeys(combo=SpecialCombo.ALT_F4), SCREEN)
        wait_for(lambda: "KeyPress F4 8" in events(), lambda: str(events()))
        wait_for(lambda: any("KeyRelease Alt_L" in line for line in events()), lambda: str(events()))
        assert not feature.holds


def test_borrowed_keys_are_given_back(display: str) -> None:
    injector = X11Injector(display, lambda: False)
    spare = list(injector._spare)
    with text_field(display):
        injector.type_text("ñ€")
    injector.close()
    after = X11Injector(display, lambda: False)
    assert after._spare == spare
    after.close()


# python-xlib leaves the sockets that it tried to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_display_is_said_clearly() -> None:
    with pytest.raises(InjectorFailed, match="display"):
        X11Injector(":987", lambda: False)


def test_pointer_moves_only_to_known_monitors(feature: InputFeature) -> None:
    from relevo_agent.features.base import FeatureRefusal

    with pytest.raises(FeatureRefusal):
        feature.perform(1, PointerMove(monitor=7, x=0.5, y=0.5, seen=1), SCREEN)
