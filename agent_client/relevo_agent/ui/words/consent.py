"""What the customer is asked, and by which words a consent is remembered."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "consent.title": (
        "Permiso para la ayuda a distancia",
        "Permission for remote help",
    ),
    "consent.heading": (
        "¿Permite que vean su pantalla?",
        "Let this person see your screen?",
    ),
    "consent.heading_control": (
        "¿Permite que vean y controlen su PC?",
        "Let this person see and control your PC?",
    ),
    "consent.heading_step_up": (
        "¿Permite también que controlen su PC?",
        "Let this person control your PC too?",
    ),
    "consent.heading_administrator": (
        "¿Permite también que actúen como administrador?",
        "Let this person act as administrator too?",
    ),
    "consent.heading_demo": (
        "¿Quiere ver la pantalla de su técnico?",
        "Do you want to see the technician's screen?",
    ),
    "consent.heading_capability": (
        "¿Permite esto?",
        "Do you allow this?",
    ),
    "consent.heading_drive": (
        "¿Permite que esta persona use su ratón y su teclado?",
        "Let this person use your mouse and keyboard?",
    ),
    "consent.drive": (
        "Su técnico quiere darle el control a esta persona. Usted puede recuperarlo en cualquier momento.",
        "Your technician wants to give control to this person. You can take it back at any moment.",
    ),
    "consent.outside": (
        "Viene de fuera de la organización de su técnico.",
        "They come from outside your technician's organisation.",
    ),
    "consent.colleague": (
        "Organización: la de su técnico",
        "Organisation: your technician's",
    ),
    "consent.visible": (
        "Verá toda su pantalla y lo que abra en ella. Cierre antes lo que sea privado.",
        "They will see your whole screen and what you open on it. Close first what is private.",
    ),
    "consent.visible_still": (
        "Ya está viendo su pantalla.",
        "They see your screen already.",
    ),
    "consent.demo": (
        (
            "Se abrirá una página con la pantalla de esta persona. Mientras tanto la de usted no se "
            "muestra a nadie."
        ),
        ("A page with this person's screen will open. Meanwhile yours is shown to nobody."),
    ),
    "consent.administrator": (
        "Dura {hours} horas como mucho. Usted puede retirarlo antes, también sin conexión.",
        "It lasts {hours} hours at most. You can revoke it before, also without a connection.",
    ),
    "consent.wants": (
        "Esta persona quiere:",
        "This person wants to:",
    ),
    "consent.exactly": (
        "En concreto: {detail}",
        "Precisely: {detail}",
    ),
    "consent.once": (
        "Vale solo para esta vez.",
        "It holds for this one time.",
    ),
    "consent.for_session": (
        "Vale mientras dure esta sesión.",
        "It holds as long as this session lasts.",
    ),
    "consent.ticks": (
        "Además, solo lo que usted marque",
        "In addition, only what you tick",
    ),
    "consent.tick_all": (
        "Permitir todo esto durante esta sesión",
        "Allow everything for this session",
    ),
    "consent.tick_apart": (
        "Aparte, solo si usted quiere",
        "Apart from that, only if you wish",
    ),
    "consent.each_time": (
        "Se le preguntará cada vez antes de: {what}.",
        "You will be asked each time before they: {what}.",
    ),
    "consent.no_organisation": (
        "sin organización",
        "no organisation",
    ),
    "consent.warning_heading": (
        "¿Ha pedido usted esta ayuda?",
        "Did you ask for this help?",
    ),
    "consent.warning": (
        (
            "Un banco, Microsoft o la policía nunca llaman para entrar en su PC. Si alguien le ha"
            " llamado sin que usted lo pidiera, pulse No y cuelgue."
        ),
        (
            "Banks, Microsoft or the police never call you to get into your PC. If somebody "
            "called you without being asked, press No and hang up."
        ),
    ),
    "consent.can": (
        "Qué podrá hacer",
        "What they will be able to do",
    ),
    "consent.can_stop": (
        "Puede pararlo cuando quiera: botón Parar o Ctrl+Alt+Fin.",
        "You can stop it at any time: the Stop button or Ctrl+Alt+End.",
    ),
    "consent.can_stop_by_button": (
        "Puede pararlo cuando quiera con el botón Parar.",
        "You can stop it at any time by the Stop button.",
    ),
    "consent.no": (
        "No",
        "No",
    ),
    "consent.yes": (
        "Sí, permitir",
        "Yes, allow",
    ),
    "consent.countdown": (
        "Sin respuesta en {seconds} s, será No.",
        "Without an answer in {seconds} s it is No.",
    ),
    "mode.observer": (
        "Solo ver su pantalla, sin tocar nada.",
        "Only see your screen, without touching anything.",
    ),
    "mode.shared": (
        "Ver su pantalla y usar el ratón y el teclado junto con usted; usted tiene preferencia.",
        "See your screen and use mouse and keyboard together with you; you come first.",
    ),
    "mode.full": (
        "Ver su pantalla y usar el ratón y el teclado como si estuviera sentado delante.",
        "See your screen and use mouse and keyboard as if they sat in front of it.",
    ),
    "mode.administrator": (
        "Controlar su PC, también como administrador y tras un reinicio.",
        "Control your PC, also as administrator and after a restart.",
    ),
    "mode.demo": (
        "Enseñarle la pantalla del técnico.",
        "Show you the technician's screen.",
    ),
}
