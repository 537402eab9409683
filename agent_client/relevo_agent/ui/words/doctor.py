"""What ``relevo-agent doctor`` says of this PC: what works, what does not, why, and what helps."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "doctor.title": (
        "Relevo {version}: qué puede mostrar y hacer en este PC",
        "Relevo {version}: what it can show and do on this PC",
    ),
    "doctor.asks": (
        "El escritorio le preguntará ahora si quiere compartir la pantalla. Es solo una prueba: nadie la ve.",
        "Your desktop will now ask whether to share the screen. It is only a test: nobody sees it.",
    ),
    "doctor.row": ("{name}: {value}", "{name}: {value}"),
    "doctor.picture": ("Imagen", "Picture"),
    "doctor.source": ("Cómo se lee la pantalla", "How the screen is read"),
    "doctor.others": ("Otras formas, y por qué no", "Other ways, and why not"),
    "doctor.cost": ("Lo que cuesta", "What it costs"),
    "doctor.cursor": ("Puntero", "Pointer"),
    "doctor.monitors": ("Monitores", "Monitors"),
    "doctor.input": ("Teclado y ratón", "Keyboard and mouse"),
    "doctor.kernel": ("Cálculo de la imagen", "Working out the picture"),
    "doctor.kernel.compiled": ("con la parte compilada, rápido", "with the compiled part, fast"),
    "doctor.kernel.missing": (
        "sin la parte compilada ({why}): todo funciona, pero este PC trabaja más",
        "without the compiled part ({why}): everything works, but this PC works harder",
    ),
    "doctor.encoders": ("Compresión (para su técnico)", "Compression (for your technician)"),
    "doctor.yes": ("sí", "yes"),
    "doctor.no": ("no", "no"),
    "doctor.because": ("{what}; {why}", "{what}; {why}"),
    "doctor.state.ok": ("se puede mostrar", "can be shown"),
    "doctor.state.no_display": (
        "no hay pantalla que mostrar. Ejecute esto en una ventana del escritorio, o use --display :N",
        "there is no screen to show. Run this in a window of the desktop, or use --display :N",
    ),
    "doctor.state.locked": (
        "la pantalla está bloqueada. Desbloquéela; la imagen vuelve por sí sola",
        "the screen is locked. Unlock it; the picture comes back by itself",
    ),
    "doctor.state.permission_missing": (
        "este sistema no permite ver la pantalla. Concédale el permiso a Relevo y vuelva a probar",
        "this system does not let Relevo see the screen. Allow it, and try again",
    ),
    "doctor.state.asleep": (
        "la pantalla está en reposo. Mueva el ratón o pulse una tecla",
        "the screen is asleep. Move the mouse or press a key",
    ),
    "doctor.state.failed": (
        "no se puede leer la pantalla. Reinicie Relevo; si se repite, avise a su técnico",
        "the screen cannot be read. Start Relevo again; if it happens again, tell your technician",
    ),
    "doctor.state.asking": (
        "el escritorio espera su respuesta: elija qué pantalla se comparte",
        "your desktop waits for your answer: choose which screen to share",
    ),
    "doctor.state.refused": (
        "no se permitió compartir la pantalla. Ejecute esto otra vez y permítalo",
        "sharing the screen was not allowed. Run this again and allow it",
    ),
    "doctor.state.system_prompt": (
        "el sistema muestra un aviso que ningún programa puede ver. Respóndalo y vuelva a probar",
        "the system shows a prompt that no program may see. Answer it, and try again",
    ),
    "doctor.state.paused": ("la imagen está en pausa", "the picture is paused"),
    "doctor.above": ("véase el detalle técnico de arriba", "see the technical detail above"),
    "doctor.detail": ("Detalle técnico: {detail}", "Technical detail: {detail}"),
    "doctor.name.portal": ("portal de Wayland", "Wayland portal"),
    "doctor.name.x11": ("servidor X (XDamage y memoria compartida)", "X server (XDamage and shared memory)"),
    "doctor.name.dxgi": ("duplicación del escritorio de Windows", "Windows desktop duplication"),
    "doctor.name.screencapturekit": ("ScreenCaptureKit de macOS", "ScreenCaptureKit of macOS"),
    "doctor.name.mss": ("captura completa (mss)", "whole captures (mss)"),
    "doctor.chosen.portal": (
        "es un escritorio Wayland: solo su portal muestra la pantalla, y solo si alguien lo permite aquí",
        "this is a Wayland desktop: only its portal shows the screen, and only if somebody here allows it",
    ),
    "doctor.chosen.x11": (
        "el servidor X dice dónde se ha dibujado, y solo se lee eso",
        "the X server tells where was drawn, and only that is read",
    ),
    "doctor.chosen.dxgi": (
        "Windows dice dónde se ha dibujado, y solo se lee eso",
        "Windows tells where was drawn, and only that is read",
    ),
    "doctor.chosen.screencapturekit": (
        "macOS entrega cada cambio por sí mismo",
        "macOS hands over each change by itself",
    ),
    "doctor.chosen.mss": (
        "funciona en todas partes, pero lee la pantalla entera cada vez",
        "it works everywhere, but reads the whole screen each time",
    ),
    "doctor.lack.no_shared_memory": (
        "sin memoria compartida con el servidor X: la imagen llega por la conexión, más despacio",
        "no memory shared with the X server: the picture comes through the connection, slower",
    ),
    "doctor.lack.no_damage": (
        "este servidor X no tiene XDamage: hay que mirar la pantalla entera una y otra vez",
        "this X server has no XDamage: the whole screen is looked at again and again",
    ),
    "doctor.why.failed": ("no funciona: {detail}", "it does not work: {detail}"),
    "doctor.why.not_needed": ("no hace falta, hay una mejor", "not needed, there is a better one"),
    "doctor.why.black": (
        "en Wayland solo daría una imagen negra",
        "inside Wayland it would give nothing but black",
    ),
    "doctor.why.other_desktop": ("este escritorio no es Wayland", "this desktop is not Wayland"),
    "doctor.why.other_system": ("es de otro sistema operativo", "it is for another operating system"),
    "doctor.cost.full": ("pantalla entera: {ms:.2f} ms", "whole screen: {ms:.2f} ms"),
    "doctor.cost.small": ("un trozo de {side}x{side}: {ms:.2f} ms", "a piece of {side}x{side}: {ms:.2f} ms"),
    "doctor.cost.idle": (
        "en reposo: {ms:.2f} ms de procesador por segundo ({looks} cambios en {seconds:.0f} s)",
        "idle: {ms:.2f} ms of processor a second ({looks} changes in {seconds:.0f} s)",
    ),
    "doctor.events": ("el sistema avisa de los cambios", "the system tells of changes"),
    "doctor.polled": ("hay que preguntar una y otra vez", "it has to be asked again and again"),
    "doctor.monitor": ("{width}x{height} en {x},{y}", "{width}x{height} at {x},{y}"),
    "doctor.input.portal": (
        "el escritorio le pregunta en cada sesión si se pueden usar",
        "your desktop asks you in each session whether they may be used",
    ),
    "doctor.input.ways": ("se pueden usar ({way})", "they can be used ({way})"),
    "doctor.watched": (
        "se nota cuando usted mismo usa el teclado o el ratón",
        "your own use of keyboard and mouse is noticed",
    ),
    "doctor.unwatched": (
        "no se nota cuando usted mismo los usa; en una sesión, use «Recuperar el control» ({why})",
        "your own use of them is not noticed; in a session, press “Take back control” ({why})",
    ),
}
